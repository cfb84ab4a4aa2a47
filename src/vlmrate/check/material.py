"""All that the modes judge: the subset as it was rated then and now, beside what is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vlmrate.check.metrics import metrics_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.check.compare import ImageChange
    from vlmrate.check.records import Limits, Metric, RatedImage
    from vlmrate.check.truth import Truth


@dataclass(frozen=True)
class Material:
    """Two ratings of the same images. `same_place` says whether chip and versions are the baseline's."""

    before: tuple[RatedImage, ...]
    now: tuple[RatedImage, ...]
    changes: tuple[ImageChange, ...]
    truth: Truth
    limits: Limits
    same_place: bool

    @property
    def images(self) -> int:
        """Images of the subset."""
        return len(self.before)

    @cached_property
    def metrics_before(self) -> Mapping[str, Metric]:
        """The baseline's metrics by name."""
        return {metric.name: metric for metric in metrics_of(self.before, self.truth)}

    @cached_property
    def metrics_now(self) -> Mapping[str, Metric]:
        """Today's metrics by name."""
        return {metric.name: metric for metric in metrics_of(self.now, self.truth)}

    def flips(self, item: str) -> int:
        """Images whose answer to an item flipped."""
        return sum(flip.item == item for change in self.changes for flip in change.flips)

    def shifts(self, item: str) -> tuple[float, ...]:
        """Total variation of an item's probabilities, image by image, where it is known."""
        return tuple(change.shifts[item] for change in self.changes if item in change.shifts)
