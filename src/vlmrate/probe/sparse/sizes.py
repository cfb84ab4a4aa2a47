"""How specific features are by the size of the dictionary, judged on identities held out from training.

Every size is trained on one half of the identities. Of the other half come the share of variance explained, which
features are enriched for exactly one emotion, and their selectivity for the emotion that they were most active in on
the first half. Beside each dictionary stand as many random directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.shown import shown_in
from vlmrate.probe.sparse.enrichment import enrichment
from vlmrate.probe.sparse.features import LEAST_ACTIVE, Listing, too_little
from vlmrate.probe.sparse.selectivity import mean_selectivity
from vlmrate.probe.sparse.train import Training, trained_weights
from vlmrate.probe.sparse.training import about_of, as_dictionary, explained, identities_in, random_dictionary
from vlmrate.stats import Outcome, Skipped, wilson
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.sparse.dictionary import Dictionary
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Specificity:
    """One dictionary on the half held out: features judged, and the share of them enriched for exactly one emotion."""

    judged: int
    distinct: Outcome
    selectivity: Outcome
    explained: Outcome


@dataclass(frozen=True, slots=True)
class SizeOutcome:
    """One size: the trained dictionary, and random directions in its place."""

    size: int
    trained: Specificity
    random: Specificity


@dataclass(frozen=True, slots=True)
class SizesOutcome:
    """Dictionaries of several sizes, each keeping `k` features a row, trained and judged on halves of identities."""

    capture: str
    model: str
    array: str
    layer: int
    k: int
    identities: int
    held_out: int
    sizes: tuple[SizeOutcome, ...] | Skipped


def sizes_of(
    capture: Capture, study: Study, array: str, layer: int, sizes: Sequence[int], training: Training, listing: Listing
) -> SizesOutcome:
    """Train and judge a dictionary of every size; `training` says the rest.

    Raises:
        ProbeError: A size is too small for k, the capture has no such array or layer or is not of this study, or MLX
            is not installed.
    """
    if (small := next((size for size in sizes if size < training.k), None)) is not None:
        raise ProbeError(f"--sizes {small}: a dictionary of so few features cannot keep {training.k}; lower --k")
    identities = identities_in(capture, study).astype(str)
    first = cluster_folds(identities, 2, seed=training.seed) == 0
    halves = _Halves(capture.layer(array, layer), _emotions(capture, study), identities, first, listing)
    found = halves.problem()
    made = found if isinstance(found, Skipped) else _every_size(capture, array, layer, sizes, training, halves)
    return SizesOutcome(
        capture=capture.file.stem,
        model=capture.about.model,
        array=array,
        layer=layer,
        k=training.k,
        identities=len(np.unique(identities[first])),
        held_out=len(np.unique(identities[~first])),
        sizes=made,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Halves:
    """A layer's rows with their emotions ("" where there is none), and which of them are trained on."""

    rows: np.ndarray
    emotions: np.ndarray
    identities: np.ndarray
    first: np.ndarray
    listing: Listing

    def problem(self) -> Skipped | None:
        there = self.emotions != ""
        if not there.any():
            return Skipped("the study names no emotion under factors")
        for half in (self.first, ~self.first):
            classes, codes = np.unique(self.emotions[there], return_inverse=True)
            if (reason := too_little(classes, codes[half[there]], self.identities[there & half])) is not None:
                return Skipped(f"in one half of the identities {reason}")
        return None

    def judge(self, dictionary: Dictionary) -> Specificity:
        """What a dictionary tells of the half that it has not seen."""
        told, there = dictionary.active(self.rows[~self.first]), self.emotions[~self.first] != ""
        identities = self.identities[~self.first]
        judged = told.counts[told.features] >= LEAST_ACTIVE
        values, features = told.values[:, judged][there], told.features[judged]
        mean = self.rows[self.first].mean(axis=0)
        share = explained(self.rows[~self.first], told, mean, identities, self.listing.bootstrap)
        if not len(features):
            few = Skipped(f"no feature is active in {LEAST_ACTIVE} pictures held out")
            return Specificity(0, few, few, share)
        emotions = self.emotions[~self.first][there]
        _, codes = np.unique(emotions, return_inverse=True)
        held = enrichment(values, codes, identities[there], self.listing.permutations, self.listing.seed).held
        inside = emotions[:, None] == self._preferred(dictionary)[features]
        return Specificity(
            len(features),
            wilson(int((held.sum(axis=1) == 1).sum()), len(features), name="enriched for exactly one emotion"),
            mean_selectivity(values, inside, identities[there], self.listing.bootstrap),
            share,
        )

    def _preferred(self, dictionary: Dictionary) -> np.ndarray:
        """The emotion in which each feature (size,) is most active, on the half that was trained on."""
        emotions = self.emotions[self.first]
        classes = np.unique(emotions[emotions != ""])
        features = dictionary.encode(self.rows[self.first])
        means = np.stack([features[emotions == name].mean(axis=0) for name in classes])
        return np.asarray(classes[means.argmax(axis=0)])


def _emotions(capture: Capture, study: Study) -> np.ndarray:
    shown = shown_in(capture, study)
    if shown.emotion is None:
        return np.full(len(shown.ids), "")
    return shown.labels(shown.emotion).astype(str)


def _every_size(
    capture: Capture, array: str, layer: int, sizes: Sequence[int], training: Training, halves: _Halves
) -> tuple[SizeOutcome, ...]:
    rows = halves.rows[halves.first]
    made = []
    for size in dict.fromkeys(sizes):
        way = Training(size, training.k, training.steps, training.batch, training.rate, training.seed)
        about = about_of(capture, array, layer, way)
        trained = as_dictionary(trained_weights(rows, way), about)
        random = random_dictionary(rows, about, way)
        made.append(SizeOutcome(size, halves.judge(trained), halves.judge(random)))
    return tuple(made)
