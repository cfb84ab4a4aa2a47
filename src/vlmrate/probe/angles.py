"""What was found of emotions and groups inside a model, as records: their angles, and what the rater answers."""

from __future__ import annotations

from dataclasses import dataclass

from vlmrate.probe.behaviour import Shift  # noqa: TC001  readers resolve annotations
from vlmrate.probe.correspondence import Correspondence  # noqa: TC001
from vlmrate.probe.directed import LayerStrength  # noqa: TC001
from vlmrate.probe.featured import FeaturesFound  # noqa: TC001
from vlmrate.stats import Outcome, Skipped  # noqa: TC001


@dataclass(frozen=True, slots=True)
class BiasCell:
    """An emotion and a level of a group, FACTOR=LEVEL: the angle inside, the same from texts, and what is answered.

    `unattenuated` is the cosine over the root of both directions' reliabilities. `p` is that of groups dealt anew
    between identities, of either sign, `p_holm` corrected over cells; `text_p` and `text_p_holm` those of levels dealt
    anew to texts.
    `label` is how much more often the group's pictures are given the emotion's label, `shifts` how ratings of its
    pictures of the emotion are shifted. What is None has its reason in the `texts` and `rated` of all cells.
    """

    emotion: str
    group: str
    cosine: Outcome
    unattenuated: Outcome
    p: float
    p_holm: float
    text: Outcome | None
    text_p: float | None
    text_p_holm: float | None
    label: Outcome | None
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class GroupSkipped:
    """A factor of groups of which nothing can be said, and why."""

    factor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rated:
    """Whose answers stand beside the angles; `by_probability` says that labels count by their probability."""

    rater: str
    protocol: str
    by_probability: bool


@dataclass(frozen=True, slots=True)
class BiasFound:
    """All that is said of one array; `identities` are those that cosines are told of.

    `random` is what the cosine with a random direction does not exceed 95 % of the time, `dealt` the same of all cells
    where groups are dealt anew, lengths held. `layers` tell, on the half that chooses (or on all), the product of the
    strengths of emotions and of every group. `features` are those of a dictionary that were asked for.
    """

    layer: int
    chosen: bool
    identities: int
    images: int
    width: int
    random: float
    dealt: float
    layers: tuple[LayerStrength, ...]
    cells: tuple[BiasCell, ...]
    without: tuple[GroupSkipped, ...]
    texts: int | Skipped
    rated: Rated | Skipped
    correspondences: tuple[Correspondence, ...]
    features: FeaturesFound | None = None


@dataclass(frozen=True, slots=True)
class BiasOutcome:
    """One array of one capture of pictures, and what was found of emotions and groups in it."""

    capture: str
    model: str
    array: str
    found: BiasFound | Skipped
