"""What steering did, as records: answers by dose, slopes beside those of random directions, labels gained and lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vlmrate.stats import Outcome, Share, Skipped  # noqa: TC001  readers resolve annotations

Kind = Literal["expected", "spoken", "probability"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of the answers to an item: the expected or the spoken rating, or the probability of `label`."""

    item: str
    kind: Kind
    label: str | None = None


@dataclass(frozen=True, slots=True)
class DosePoint:
    """The mean over pictures at a dose."""

    dose: float
    mean: Outcome


@dataclass(frozen=True, slots=True)
class RandomSpan:
    """The lowest and the highest mean over pictures that random directions of the same length led to at a dose."""

    dose: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Slope:
    """The change of a reading for one unit of dose, over the linear range.

    `random` is the root mean square of the slopes of the random directions, `beyond` the size of `slope` less that, on
    the same pictures. `p` says how likely a random direction's slope is as large in size (t with as many degrees of
    freedom as there are random directions); `p_holm` is corrected over all layers, directions and readings of the kind.
    None where there is no slope, or no random direction moves anything.
    """

    slope: Outcome
    random: Outcome
    beyond: Outcome
    p: float | None
    p_holm: float | None = None


@dataclass(frozen=True, slots=True)
class DoseStep:
    """The mean change of a rating from one dose to the next."""

    low: float
    high: float
    change: Outcome


@dataclass(frozen=True, slots=True)
class DoseRange:
    """Doses from `low` to `high`, 0 among them."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Monotony:
    """How evenly a rating follows the dose.

    `rises` is the way it goes over the linear range on the other half of the identities. `going` counts steps whose
    mean goes that way; `strict` is the largest range about 0 in which all do, `sure` that in which the interval of
    each, tested outwards from 0, lies on that side of 0 too.
    """

    rises: bool
    spearman: Outcome
    steps: tuple[DoseStep, ...]
    going: int
    strict: DoseRange
    sure: DoseRange


@dataclass(frozen=True, slots=True)
class Response:
    """How one reading follows the dose; `monotony` is told of ratings alone."""

    reading: Reading
    doses: tuple[DosePoint, ...]
    random: tuple[RandomSpan, ...]
    slope: Slope
    monotony: Monotony | None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The share of pictures without a valid answer to an item at a dose.

    `mass` is the mean probability of all valid answers together where the model gives its own. It falls before answers
    are lost: a number said several times over is still read, and held at the end of the scale. `clamped` is the share
    of pictures whose number was rounded or moved onto the scale so.
    """

    item: str
    dose: float
    share: Outcome
    mass: Outcome
    clamped: Outcome


@dataclass(frozen=True, slots=True)
class Moved:
    """Pictures that were given the label `source` unchanged and `target` at a dose; None: no valid answer."""

    source: str | None
    target: str | None
    images: int


@dataclass(frozen=True, slots=True)
class LabelsAt:
    """What became of an item's labels at a dose: how many changed, and from what to what, the commonest first."""

    item: str
    dose: float
    changed: Share
    moves: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class StepLength:
    """The length of dose 1 in units of the residual stream, at a step's answer."""

    step: str
    length: float


@dataclass(frozen=True, slots=True)
class LayerSteering:
    """What one direction does when it is added after one block."""

    layer: int
    lengths: tuple[StepLength, ...]
    responses: tuple[Response, ...]
    no_answer: tuple[NoAnswer, ...]
    labels: tuple[LabelsAt, ...]


@dataclass(frozen=True, slots=True)
class DirectionSteering:
    """One direction at all layers; `chosen` is the layer at which it moves ratings most on the other identities."""

    direction: str
    chosen: int
    layers: tuple[LayerSteering, ...]


@dataclass(frozen=True, slots=True)
class ErrorChange:
    """The change in the mean absolute error of a rating against people's means; below 0 is better."""

    reading: Reading
    change: Outcome


@dataclass(frozen=True, slots=True)
class NoAnswerChange:
    """The change in the share of pictures without a valid answer to an item."""

    item: str
    change: Outcome


@dataclass(frozen=True, slots=True)
class Targeted:
    """Steering at one label: layer and dose chosen on one half of the identities, all else told of the other half.

    `allowed` is how far the accuracy on other pictures, and the share of valid answers, were allowed to fall where they
    were chosen; `tuned_gain` and `tuned_collateral` are what was had there. `random_gain` is the mean over random
    directions of the same length at that layer and dose, `beyond` the gain less that, `as_large` the number of them
    that gain as much.
    """

    label: str
    direction: str
    layer: int
    dose: float
    allowed: float
    tuned_gain: float
    tuned_collateral: float
    images: int
    of_label: int
    before: Outcome
    after: Outcome
    gain: Outcome
    random_gain: Outcome
    beyond: Outcome
    as_large: int
    collateral: Outcome
    kappa: Outcome
    errors: tuple[ErrorChange, ...]
    no_answer: tuple[NoAnswerChange, ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """What a sweep of doses over layers and directions found, told of `images` of half of the identities.

    `linear` is the largest size of dose that slopes rest on; `randoms` the number of random directions beside each
    direction; `steps` those at whose answers directions were added.
    """

    doses: tuple[float, ...]
    linear: float
    randoms: int
    steps: tuple[str, ...]
    images: int
    identities: int
    directions: tuple[DirectionSteering, ...]
    target: Targeted | Skipped | None


@dataclass(frozen=True, slots=True)
class SteerOutcome:
    """A model, and what steering it did or why nothing can be said."""

    model: str
    found: Steering | Skipped
