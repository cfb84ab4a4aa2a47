"""What differs between the baseline's manifest and today's, in words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.check.rerate import deciding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.check.records import Baseline
    from vlmrate.inference.records import Recipe

_DIGEST = re.compile("[0-9a-f]{40,}")
_OF_A_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Setting:
    """How something is rated: recipe, what is known of the model, prompts, versions and machine."""

    recipe: Recipe
    about: Mapping[str, str]
    prompts: tuple[str, ...]
    versions: Mapping[str, str]
    machine: Mapping[str, str | int]

    @property
    def place(self) -> tuple[object, Mapping[str, str]]:
        """Chip and versions: where they are equal, so are the answers."""
        return self.machine.get("chip"), deciding(self.versions, self.recipe)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another now, in words."""

    what: str
    before: str
    now: str


def setting_of(baseline: Baseline) -> Setting:
    """The setting in which a baseline was made."""
    return Setting(baseline.recipe, baseline.about, baseline.prompts, baseline.versions, baseline.machine)


def differences(before: Setting, now: Setting) -> tuple[Difference, ...]:
    """Everything that differs: prompts word by word, settings, the model, versions, machine."""
    return tuple(_differences(before, now))


def _differences(before: Setting, now: Setting) -> Iterator[Difference]:
    if before.recipe.protocol_digest != now.recipe.protocol_digest:
        yield from _prompts(before.prompts, now.prompts)
    if before.recipe.seed != now.recipe.seed:
        yield Difference("seed", str(before.recipe.seed), str(now.recipe.seed))
    yield from _fields("", before.recipe.settings, now.recipe.settings)
    yield from _fields("", before.about, now.about)
    yield from _fields("version of ", before.versions, now.versions)
    yield from _fields("machine: ", before.machine, now.machine)


def _fields(lead: str, before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Difference]:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            yield Difference(f"{lead}{name}", _told(before.get(name)), _told(now.get(name)))


def _told(value: object) -> str:
    """A value in words, digests by their beginning."""
    text = "none" if value is None else str(value)
    return text[:_OF_A_DIGEST] if _DIGEST.fullmatch(text) else text


def _prompts(before: Sequence[str], now: Sequence[str]) -> Iterator[Difference]:
    if before == now:
        yield Difference("protocol", "the same words", "the same words, other steps, scales or rules")
    for number in range(max(len(before), len(now))):
        old = before[number] if number < len(before) else ""
        new = now[number] if number < len(now) else ""
        if old != new:
            yield Difference(f"prompt {number + 1}", *_words(old, new))


def _words(old: str, new: str) -> tuple[str, str]:
    """Both prompts cut to what differs, with a few words around it."""
    a, b = old.split(), new.split()
    changed = [
        block for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if block[0] != "equal"
    ]
    if not changed:
        return "other spaces or lines", "other spaces or lines"
    first, last = changed[0], changed[-1]
    return _cut(a, first[1], last[2]), _cut(b, first[3], last[4])


def _cut(words: Sequence[str], start: int, end: int, around: int = 3) -> str:
    begin, stop = max(start - around, 0), min(end + around, len(words))
    lead, tail = "… " if begin else "", " …" if stop < len(words) else ""
    return f"{lead}{' '.join(words[begin:stop])}{tail}" if words else "none"
