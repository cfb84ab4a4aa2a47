"""From a capture to a dictionary: trained on some identities, and judged on those that it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.shown import shown_in
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.records import DictionaryAbout
from vlmrate.probe.sparse.train import first_weights, trained_weights
from vlmrate.stats import Bootstrap, Outcome, Skipped, bootstrap_sums
from vlmrate.stats.bootstrap import DEFAULT
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from vlmrate.probe.sparse.dictionary import Active
    from vlmrate.probe.sparse.train import Training, Weights
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

FOLDS = 5
"""A fifth of the identities is held out from training."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A dictionary, and how well it does on what was held out.

    `rows` were trained on and `held_out` kept apart; `explained` is the share of variance and `active` the number of
    features a row, both of what was held out; `dead` is the number of features that no row trained on activates.
    """

    dictionary: Dictionary
    rows: int
    held_out: int
    identities: int
    explained: Outcome
    active: Outcome
    dead: int


def train_dictionary(
    capture: Capture, study: Study | None, array: str, layer: int, training: Training, bootstrap: Bootstrap = DEFAULT
) -> Trained:
    """Train a dictionary on four fifths of a capture's identities; of texts, which have none, on four fifths of them.

    Raises:
        ProbeError: The capture has no such array or layer, or fewer than two identities; a picture of it is not the
            study's; or MLX is not installed.
    """
    rows = capture.layer(array, layer)
    identities = identities_in(capture, study)
    if len(np.unique(identities)) < 2:
        raise ProbeError(f"{capture.file.name} shows one identity, and a dictionary is judged on another; capture more")
    held = cluster_folds(identities, FOLDS, seed=training.seed) == 0
    weights = trained_weights(rows[~held], training)
    dictionary = as_dictionary(weights, about_of(capture, array, layer, training))
    counts = dictionary.active(rows[~held]).counts
    judged = dictionary.active(rows[held])
    mean = rows[~held].mean(axis=0)
    return Trained(
        dictionary,
        int((~held).sum()),
        int(held.sum()),
        len(np.unique(identities[held])),
        explained(rows[held], judged, mean, identities[held], bootstrap),
        number_active(judged, identities[held], bootstrap),
        int((counts == 0).sum()),
    )


def identities_in(capture: Capture, study: Study | None) -> np.ndarray:
    """Who each row shows; a row that shows nobody that is known stands for itself."""
    own = np.array(capture.ids, dtype=object)
    if capture.about.source != "images" or study is None:
        return own
    shown = shown_in(capture, study)
    if shown.identity is None:
        return own
    labels = shown.labels(shown.identity)
    return np.where(labels == "", own, labels)


def about_of(capture: Capture, array: str, layer: int, training: Training) -> DictionaryAbout:
    """What a dictionary trained on a capture says of itself."""
    return DictionaryAbout(
        model=capture.about.model,
        model_digest=capture.about.model_digest,
        array=array,
        layer=layer,
        width=capture.layer(array, layer).shape[1],
        size=training.size,
        kind="top-k",
        k=training.k,
        centred=True,
        made={
            "how": "trained",
            "study": capture.about.study,
            "capture": capture.file.name,
            "rows": len(capture.ids),
            "folds": FOLDS,
            "steps": training.steps,
            "batch": training.batch,
            "rate": training.rate,
            "seed": training.seed,
        },
    )


def as_dictionary(weights: Weights, about: DictionaryAbout) -> Dictionary:
    """Trained weights with what they say of themselves."""
    return Dictionary(about, weights.encoder, weights.encoder_bias, weights.decoder, weights.decoder_bias)


def random_dictionary(rows: np.ndarray, about: DictionaryAbout, training: Training) -> Dictionary:
    """Random directions in the place of features, as many kept a row: what a dictionary must be held against."""
    changes = {"kind": "top-k", "k": training.k, "size": training.size, "centred": True, "made": {"how": "random"}}
    return as_dictionary(first_weights(rows, training), about.model_copy(update=changes))


def explained(
    rows: np.ndarray, active: Active, mean: np.ndarray, identities: np.ndarray, bootstrap: Bootstrap
) -> Outcome:
    """The share of the variance of rows about a mean that a dictionary tells; its interval from drawing identities."""
    left = ((rows - active.again).astype(np.float64) ** 2).sum(axis=1)
    whole = ((rows - mean).astype(np.float64) ** 2).sum(axis=1)
    if not whole.sum() > 0:
        return Skipped("the rows do not vary")
    return bootstrap_sums(
        np.column_stack([left, whole]),
        lambda totals: 1 - totals[:, 0] / totals[:, 1],
        name="share of variance explained",
        clusters=identities,
        bootstrap=bootstrap,
    )


def number_active(active: Active, identities: np.ndarray, bootstrap: Bootstrap) -> Outcome:
    """The mean number of features active in a row (L0)."""
    numbers = active.numbers.astype(np.float64)
    return bootstrap_sums(
        np.column_stack([numbers, np.ones(len(numbers))]),
        lambda totals: totals[:, 0] / totals[:, 1],
        name="features active a row",
        clusters=identities,
        bootstrap=bootstrap,
    )
