"""What is said of emotions' directions, and what may be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate.probe.across import SharedWith  # noqa: TC001  readers resolve annotations
from vlmrate.probe.plane import Along, Component  # noqa: TC001
from vlmrate.stats import Outcome, Skipped  # noqa: TC001

if TYPE_CHECKING:
    from vlmrate.probe.separability import Way


@dataclass(frozen=True, slots=True)
class EmotionDirection:
    """One emotion's direction: `gap` is the length of its effect, `split_half` the cosine of those of two halves.

    `p` is that of permuted labels, `p_holm` corrected over emotions.
    """

    name: str
    gap: Outcome
    p: float
    p_holm: float
    split_half: Outcome


@dataclass(frozen=True, slots=True)
class CosineOf:
    """The cosine of two emotions' directions in the same array."""

    first: str
    second: str
    cosine: Outcome


@dataclass(frozen=True, slots=True)
class LayerStrength:
    """A layer's sum of squared gaps over its mean where labels are permuted, on the half that chooses (or on all)."""

    layer: int
    strength: float


@dataclass(frozen=True, slots=True)
class EmotionDirections:
    """All that is said of one array. `units` are the identities, or the texts, that it is said of, in `rows` rows.

    `chosen` says that the layer was chosen on the other half; `neutral_out` how many components were projected out,
    None where none were to be. `random` is what the cosine of two random directions does not exceed 95 % of the time.
    """

    layer: int
    chosen: bool
    units: int
    rows: int
    width: int
    random: float
    neutral_out: int | None
    layers: tuple[LayerStrength, ...]
    emotions: tuple[EmotionDirection, ...]
    cosines: tuple[CosineOf, ...]
    components: tuple[Component, ...]
    along: tuple[Along, ...] | Skipped


@dataclass(frozen=True, slots=True)
class DirectionsOutcome:
    """One array of one capture of pictures or texts, and what was found of emotions' directions in it.

    `texts` sets directions from pictures beside those from every capture of texts that was given too.
    """

    capture: str
    model: str
    array: str
    source: Literal["images", "texts"]
    found: EmotionDirections | Skipped
    texts: tuple[SharedWith, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked of directions beside the way of telling chance: a layer, None to choose it, and neutral taken out.

    `array` names the one array of pictures that counts, None for all.
    """

    way: Way
    layer: int | None = None
    neutral_out: bool = False
    array: str | None = None
