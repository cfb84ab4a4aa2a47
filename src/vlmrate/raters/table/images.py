"""Which image of the study a name in someone else's table means."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from vlmrate.study.faults import nearest
from vlmrate.study.images import SUFFIXES, UNREADABLE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.study.records import Stimulus

_ENDINGS = SUFFIXES | UNREADABLE_SUFFIXES
_MOST_HINTS = 20  # looking for the nearest of many names takes long, and nobody reads more of them


def plain_name(name: str) -> str:
    """A picture's name without its folder and the ending of a picture file."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    return stem if dot and stem and f".{ending.casefold()}" in _ENDINGS else last


class Images:
    """A study's images by the names that others may call them; `loosely` holds those found by their plain names."""

    def __init__(self, stimuli: Sequence[Stimulus]) -> None:
        self._by_id = {stimulus.image_id: stimulus for stimulus in stimuli}
        self._by_plain_name: dict[str, dict[str, Stimulus]] = defaultdict(dict)
        for stimulus in stimuli:
            for name in (stimulus.image_id, stimulus.path.name):
                self._by_plain_name[plain_name(name)][stimulus.image_id] = stimulus
        self._hints = 0
        self.loosely: dict[str, str] = {}

    def find(self, name: str) -> Stimulus | str:
        """The image called so, by its id or else by its plain name if only one has that; or why there is none."""
        if name in self._by_id:
            return self._by_id[name]
        alike = self._by_plain_name.get(plain_name(name), {})
        if len(alike) == 1:
            (stimulus,) = alike.values()
            self.loosely[name] = stimulus.image_id
            return stimulus
        if alike:
            return f"{name!r} may be any of the images {', '.join(sorted(alike))}; write the image's id"
        return f"unknown image {name!r}, not in the stimuli table{self._hint(name)}"

    def _hint(self, name: str) -> str:
        self._hints += 1
        near = nearest(plain_name(name), self._by_id) if self._hints <= _MOST_HINTS else None
        return f"; did you mean {near!r}?" if near is not None else ""
