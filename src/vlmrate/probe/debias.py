"""What becomes of ratings when what tells a demographic group inside the model is taken out: what is told of it.

Directions and layer are learnt from one half of the identities and everything is told of the other, each half serving
the other (vlmrate.probe.crossfit). What is done is said in vlmrate.probe.removal; beside every way stands a random
direction of the same rank.
"""

from __future__ import annotations

from dataclasses import dataclass

from vlmrate.probe.leakage import Left  # noqa: TC001  readers resolve annotations
from vlmrate.stats import Outcome, Skipped  # noqa: TC001


@dataclass(frozen=True, slots=True)
class LevelBias:
    """A level's bias on one item: (rater − people) in it less that in the other levels, the mean over emotions.

    Of a label it is the accuracy. Of two levels only the first stands here: the other's is the same with the opposite
    sign. `random` is the change that random directions of the same rank make, their mean. p is of levels dealt anew
    between identities, the directions as they were learnt; `p_holm` is corrected over all ways, items and levels.
    """

    item: str
    level: str
    before: Outcome
    after: Outcome
    change: Outcome
    random: Outcome
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs over all levels: kappa, the mean absolute error of an item, or the share of invalid answers.

    `beyond` is the change less the mean of random directions of the same rank, and p is of it: the error of both the
    identities and the few directions drawn is in it. `p_holm` is corrected over all ways and measures.
    """

    measure: str
    item: str
    before: Outcome
    after: Outcome
    change: Outcome
    random: Outcome
    beyond: Outcome
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Removed:
    """One way of taking the group out, and all that came of it."""

    way: str
    bias: tuple[LevelBias, ...]
    costs: tuple[Cost, ...]
    left: tuple[Left, ...]
    unread: str | None
    """Why the last layer was not read; None where it was, or was the edited one."""


@dataclass(frozen=True, slots=True)
class Debiased:
    """One group: its levels, how many pictures and identities were judged, and the layer that each half was edited in.

    `rank` is the number of directions that were taken out in the two halves.
    """

    levels: tuple[str, ...]
    images: int
    identities: int
    layers: tuple[int, int]
    last: int
    rank: tuple[int, int]
    ways: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class DebiasOutcome:
    """One group in one model, and what was found or why nothing could be."""

    model: str
    capture: str
    group: str
    found: Debiased | Skipped
