"""Compare: ways of moving a rater's answers, each a channel of its own, beside one another: what is told of them.

No channel is added to another: a prompt and an intervention that move a rating by as much need not do so by the same
way. Directions and layer are learnt from one half of the identities and steer the other (vlmrate.probe.crossfit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vlmrate.stats import Outcome, Skipped  # noqa: TC001  readers resolve annotations

Kind = Literal["baseline", "prompt", "temperature", "steering", "control", "false label"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure in one channel: what it comes to, and its change against the baseline (None of the baseline).

    Ratings are expected ones, weighted by probability. p is of the change, a t over identities; of steering it is of
    the change beyond random directions of the same length, whose own differences are in its error. The control has
    none. `p_holm` is corrected over all channels and measures.
    """

    name: str
    value: Outcome
    change: Outcome | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of moving answers, and every measure in it, in the same order in all channels."""

    name: str
    kind: Kind
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How far a rater that is told a false label follows it.

    `followed` is by how much the rating moves of the way from people's mean of the emotion that the rater itself says
    to that of the label told (least squares through 0): 0 = it keeps to the face, 1 = it is that of the word. `toward`
    is the share of images whose rating moves that way at all; both are over the `images` whose label it would have
    given otherwise. Over all images, `repeated` is the share that say the label told when asked again, `unprompted`
    that say it untold, `difference` the first less the second.
    """

    item: str
    images: int
    followed: Outcome
    toward: Outcome
    repeated: Outcome
    unprompted: Outcome
    difference: Outcome


@dataclass(frozen=True, slots=True)
class Compared:
    """All channels on the same images.

    `label` is the answer whose probability is told, None where it is the intended one's. `layers` are those steered in
    the two halves, and `lengths` how far the first step's residual stream is moved there, in its own units: the dose
    times the direction's gap.
    """

    label: str | None
    layers: tuple[int, int]
    dose: float
    lengths: tuple[float, float]
    images: int
    identities: int
    channels: tuple[Channel, ...]
    acceptance: tuple[Acceptance, ...] | Skipped
    lacking: tuple[str, ...]
    """Why channels that belong here were left out."""


@dataclass(frozen=True, slots=True)
class CompareOutcome:
    """One direction in one model, and what was found or why nothing could be."""

    model: str
    capture: str
    direction: str
    found: Compared | Skipped
