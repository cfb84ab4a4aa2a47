"""Which derived raters there are, of how many sources each is made, and what can be chosen about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.derive.calibrated import calibrated
from vlmrate.derive.ensemble import ensemble
from vlmrate.derive.expected import expected
from vlmrate.derive.hybrid import hybrid
from vlmrate.derive.means import category_mean, label_only
from vlmrate.derive.person import person

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.derive.made import Inputs, Made
    from vlmrate.inference.derivation import Method

MANY = 1_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to make a rater: of at least and at most so many sources, with these options."""

    make: Callable[[Inputs], Made]
    least: int
    most: int
    options: tuple[str, ...] = ()

    @property
    def wants(self) -> str:
        """How many sources it takes, in words."""
        if self.most == 0:
            return "no --from: it is made of people's ratings alone"
        return "one --from" if self.most == 1 else f"{self.least} or more --from"


KINDS: dict[Method, Kind] = {
    "calibrated": Kind(calibrated, 1, 1, ("by", "folds", "seed")),
    "hybrid": Kind(hybrid, 2, MANY),
    "ensemble": Kind(ensemble, 2, MANY),
    "expected": Kind(expected, 1, 1),
    "category-mean": Kind(category_mean, 0, 0),
    "label-only": Kind(label_only, 1, 1),
    "person": Kind(person, 0, 0, ("seed",)),
}
