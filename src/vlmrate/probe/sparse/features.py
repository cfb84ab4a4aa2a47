"""What the features of a dictionary stand for: where they are active, and which emotions and groups they go with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.shown import shown_in
from vlmrate.probe.sparse.enrichment import enrichment
from vlmrate.probe.sparse.records import Kind  # noqa: TC001  readers resolve annotations
from vlmrate.probe.sparse.selectivity import selectivity
from vlmrate.probe.sparse.store import refuse_unfit
from vlmrate.probe.sparse.train import Training
from vlmrate.probe.sparse.training import explained, identities_in, number_active, random_dictionary
from vlmrate.stats import Bootstrap, Outcome, Skipped
from vlmrate.stats.bootstrap import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.shown import Shown
    from vlmrate.probe.sparse.dictionary import Active, Dictionary
    from vlmrate.probe.sparse.enrichment import Enrichment
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

LEAST_ACTIVE = 4
"""Pictures a feature must be active in to be judged."""
MOST_TOLD = 30
"""Features told one by one where none is asked for; all are counted."""
MOST_RANDOM = 4096
"""Random directions that a larger dictionary is held against."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How features are listed: those asked for (none: all enriched ones), top pictures of each, and what chance is."""

    features: tuple[int, ...] = ()
    top: int = 9
    permutations: int = 999
    seed: int = 0
    bootstrap: Bootstrap = DEFAULT


@dataclass(frozen=True, slots=True)
class Enriched:
    """A class that a feature is enriched for: p pays for all features and classes of the factor."""

    factor: str
    level: str
    selectivity: Outcome
    p: float


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: in how many pictures it is active, and there how far on average, in units of the residual stream.

    `top` are the pictures that activate it most. `mean` is None where it is never active.
    """

    number: int
    images: int
    mean: float | None
    top: tuple[str, ...]
    enriched: tuple[Enriched, ...]


@dataclass(frozen=True, slots=True)
class LevelFeatures:
    """One class: features enriched for it, those of them enriched for no other, and random directions enriched."""

    level: str
    enriched: int
    distinct: int
    random: int


@dataclass(frozen=True, slots=True)
class FactorFeatures:
    """One factor: features enriched for any of its classes, for exactly one, and the same of random directions."""

    levels: tuple[LevelFeatures, ...]
    enriched: int
    distinct: int
    random_enriched: int
    random_distinct: int


@dataclass(frozen=True, slots=True)
class FactorOutcome:
    """A factor, and what was found of it or why nothing could be."""

    factor: str
    found: FactorFeatures | Skipped


@dataclass(frozen=True, slots=True)
class FeaturesOutcome:
    """One dictionary on one capture.

    `ever` features are active in any picture, `judged` in as many as a judgement needs; `random` is the number of
    random directions that were judged beside them.
    """

    dictionary: str
    capture: str
    model: str
    array: str
    layer: int
    kind: Kind
    size: int
    images: int
    ever: int
    judged: int
    random: int
    active: Outcome
    explained: Outcome
    factors: tuple[FactorOutcome, ...]
    features: tuple[Feature, ...]


def features_of(
    dictionary: Dictionary,
    name: str,
    capture: Capture,
    study: Study,
    listing: Listing = Listing(),
) -> FeaturesOutcome:
    """What the features of a dictionary (of that name) stand for in the pictures of a capture.

    Raises:
        ProbeError: The dictionary is of another model, layer or width, the capture of texts or of other pictures, or a
            feature asked for is none of the dictionary's.
    """
    refuse_unfit(dictionary, capture)
    about = dictionary.about
    if (strange := next((n for n in listing.features if not 0 <= n < about.size), None)) is not None:
        raise ProbeError(f"--feature {strange}: the dictionary has features 0 to {about.size - 1}")
    shown, identities = shown_in(capture, study), identities_in(capture, study)
    rows = capture.layer(about.array, about.layer)
    # All that are active at all, so that one asked for can be told too.
    active = dictionary.active(rows)
    judged = _judged(active)
    random = _judged(_at_random(dictionary, rows, active, listing).active(rows))
    factors = [name for name in (shown.emotion, *shown.groups) if name is not None]
    tests = {factor: _test(factor, shown, identities, judged, random, listing) for factor in factors}
    return FeaturesOutcome(
        dictionary=name,
        capture=capture.file.stem,
        model=capture.about.model,
        array=about.array,
        layer=about.layer,
        kind=about.kind,
        size=about.size,
        images=len(rows),
        ever=len(active.features),
        judged=len(judged.features),
        random=len(random.features),
        active=number_active(active, identities, listing.bootstrap),
        explained=explained(rows, active, rows.mean(axis=0), identities, listing.bootstrap),
        factors=tuple(
            FactorOutcome(factor, test if isinstance(test, Skipped) else test.counted())
            for factor, test in tests.items()
        ),
        features=_told(dictionary, active, shown, tests, listing),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """The judged features of one factor, and what they and random directions are enriched for."""

    factor: str
    classes: tuple[str, ...]
    features: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    identities: np.ndarray
    found: Enrichment
    random: np.ndarray

    def counted(self) -> FactorFeatures:
        held = self.found.held
        alone, alone_random = held.sum(axis=1) == 1, self.random.sum(axis=1) == 1
        levels = tuple(
            LevelFeatures(level, int(held[:, i].sum()), int(held[alone, i].sum()), int(self.random[:, i].sum()))
            for i, level in enumerate(self.classes)
        )
        counts = (held.any(axis=1), alone, self.random.any(axis=1), alone_random)
        return FactorFeatures(levels, *(int(count.sum()) for count in counts))

    def of(self, feature: int, bootstrap: Bootstrap) -> tuple[Enriched, ...]:
        """What one feature is enriched for, the most certain first."""
        at = int(np.searchsorted(self.features, feature))
        if at == len(self.features) or self.features[at] != feature:
            return ()
        order = np.argsort(-self.found.z[at], kind="stable")
        return tuple(
            Enriched(
                self.factor,
                self.classes[i],
                selectivity(self.values[:, at], self.labels == self.classes[i], self.identities, bootstrap),
                float(self.found.p[at, i]),
            )
            for i in order
            if self.found.held[at, i]
        )


def _judged(active: Active) -> Active:
    kept = active.counts[active.features] >= LEAST_ACTIVE
    return replace(active, features=active.features[kept], values=active.values[:, kept])


def _at_random(dictionary: Dictionary, rows: np.ndarray, active: Active, listing: Listing) -> Dictionary:
    """As many random directions as features, as many of them active in a picture."""
    size = min(dictionary.about.size, MOST_RANDOM)
    k = dictionary.about.k or max(1, round(float(active.numbers.mean())))
    return random_dictionary(rows, dictionary.about, Training(size=size, k=min(k, size), seed=listing.seed))


def _test(
    factor: str, shown: Shown, identities: np.ndarray, judged: Active, random: Active, listing: Listing
) -> _Tested | Skipped:
    labels = shown.labels(factor).astype(str)
    kept = labels != ""
    labels, identities = labels[kept], identities[kept].astype(str)
    classes, codes = np.unique(labels, return_inverse=True)
    if (reason := too_little(classes, codes, identities)) is not None:
        return Skipped(reason)
    if not len(judged.features):
        return Skipped(f"no feature is active in {LEAST_ACTIVE} pictures")
    values = judged.values[kept]
    emotions = None if shown.emotion in (None, factor) else shown.labels(shown.emotion or "")[kept]
    chance = (listing.permutations, listing.seed, emotions)
    return _Tested(
        factor,
        tuple(map(str, classes)),
        judged.features,
        values,
        labels,
        identities,
        enrichment(values, codes, identities, *chance),
        enrichment(random.values[kept], codes, identities, *chance).held,
    )


def too_little(classes: np.ndarray, codes: np.ndarray, identities: np.ndarray) -> str | None:
    """Why enrichment for these classes cannot be told; None where it can."""
    if len(classes) < 2:
        return f"there must be two classes to be told apart, and there is {len(classes)}"
    for number, name in enumerate(classes):
        if len(np.unique(identities[codes == number])) < 2:
            return f"{name} is shown by one identity, and two are needed"
    return None


def _told(
    dictionary: Dictionary, active: Active, shown: Shown, tests: dict[str, _Tested | Skipped], listing: Listing
) -> tuple[Feature, ...]:
    made = [test for test in tests.values() if isinstance(test, _Tested)]
    numbers: Sequence[int] = listing.features or _strongest(made)
    return tuple(
        _feature(number, active, dictionary.lengths[number], shown, listing, made) for number in dict.fromkeys(numbers)
    )


def _strongest(tests: list[_Tested]) -> list[int]:
    """Features enriched for anything, those first that stand out most."""
    best: dict[int, float] = {}
    for test in tests:
        for at in np.flatnonzero(test.found.held.any(axis=1)):
            number, z = int(test.features[at]), float(test.found.z[at].max())
            best[number] = max(z, best.get(number, z))
    return sorted(best, key=lambda number: (-best[number], number))[:MOST_TOLD]


def _feature(
    number: int, active: Active, length: float, shown: Shown, listing: Listing, tests: list[_Tested]
) -> Feature:
    at = int(np.searchsorted(active.features, number))
    if at == len(active.features) or active.features[at] != number:
        return Feature(number, 0, None, (), ())
    values = active.values[:, at]
    order = np.argsort(-values, kind="stable")[: listing.top]
    return Feature(
        number=number,
        images=int((values > 0).sum()),
        mean=float(values[values > 0].mean(dtype=np.float64) * length),
        top=tuple(shown.ids[i] for i in order if values[i] > 0),
        enriched=tuple(one for test in tests for one in test.of(number, listing.bootstrap)),
    )
