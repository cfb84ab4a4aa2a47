"""What an analysis is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap

if TYPE_CHECKING:
    from vlmrate.study.published import Published


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What to analyze and how intervals are made: raters by name (none named: all), and the bootstrap.

    `published` is a study whose printed values shall stand beside those of this one. `margin` is the largest mean
    difference from people that would not matter, in scale points; without it, it is a sixteenth of each scale's range.
    `epsilon` is the advantage that the alternative-annotator test grants to a rater for its price.
    """

    raters: tuple[str, ...] = ()
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    published: Published | None = None
    margin: float | None = None
    epsilon: float = 0.1

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 < self.margin < math.inf:
            raise AnalysisError(f"The margin of equivalence lies above 0 scale points, not at {self.margin}.")
        if not 0 <= self.epsilon < 1:
            raise AnalysisError(f"The alternative-annotator test's epsilon lies in [0, 1), not at {self.epsilon}.")
