"""Features of a dictionary by name, and where in a capture's pictures they are active: feature:17 and the like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import FEATURE
from vlmrate.probe.sparse.store import refuse_unfit
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.sparse.dictionary import Active, Dictionary
    from vlmrate.probe.store import Capture


@dataclass(frozen=True, slots=True, eq=False)
class Pointed:
    """Some features of the dictionary of that name, for one layer of one array.

    `units` (features, width) are rows of the decoder at unit length, `active` (pictures, features) says where each is.
    """

    dictionary: str
    array: str
    layer: int
    names: tuple[str, ...]
    units: np.ndarray
    active: np.ndarray


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a dictionary in the capture's array and layer that it was made for.

    Raises:
        ProbeError: The dictionary is of another model, layer or width than the capture.
    """

    dictionary: Dictionary
    capture: Capture

    def __post_init__(self) -> None:
        refuse_unfit(self.dictionary, self.capture)

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature that is active in any picture, as feature:NUMBER."""
        return tuple(f"{FEATURE}{number}" for number in self._means)

    def number(self, name: str) -> int:
        """A feature's number.

        Raises:
            ProbeError: There is no such feature.
        """
        word, size = name.removeprefix(FEATURE), self.dictionary.about.size
        if not (word.isascii() and word.isdigit()) or int(word) >= size:
            raise ProbeError(f"there is no {name}; the dictionary has {FEATURE}0 to {FEATURE}{size - 1}")
        return int(word)

    def row(self, number: int) -> tuple[np.ndarray, float]:
        """A feature's row of the decoder (width,) at unit length, and how far it goes along it where it is active.

        Raises:
            ProbeError: No picture of the capture activates the feature.
        """
        row = self.dictionary.decoder[number].astype(np.float64)
        length = float(np.linalg.norm(row))
        if number not in self._means or not length > 0:
            raise ProbeError(
                f"{FEATURE}{number}: no picture of {shown(self.capture.file)} activates it; `vlmrate probe features "
                "list` says which are active"
            )
        return row / length, self._means[number] * length

    def pointed(self, dictionary: str, names: Sequence[str]) -> Pointed:
        """Features by name, each once, of the dictionary that is called so.

        Raises:
            ProbeError: There is no such feature, or no picture activates it.
        """
        numbers = list(dict.fromkeys(map(self.number, names)))
        units = np.array([self.row(number)[0] for number in numbers])
        about = self.dictionary.about
        active = self._active.values[:, np.searchsorted(self._active.features, numbers)] > 0
        return Pointed(
            dictionary, about.array, about.layer, tuple(f"{FEATURE}{number}" for number in numbers), units, active
        )

    @cached_property
    def _active(self) -> Active:
        """The features that are active in any picture."""
        about = self.dictionary.about
        return self.dictionary.active(self.capture.layer(about.array, about.layer))

    @cached_property
    def _means(self) -> dict[int, float]:
        """The mean activation of every feature where it is active."""
        active = self._active
        means = active.values.sum(axis=0, dtype=np.float64) / active.counts[active.features]
        return dict(zip(map(int, active.features), map(float, means), strict=True))
