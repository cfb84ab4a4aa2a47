"""What a rater answered about the pictures of a capture: its labels, by probability where known, and its ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.inference.store import stores
from vlmrate.inference.table import load_results
from vlmrate.probe.spoken import run_of
from vlmrate.stats import Skipped
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.inference.store import Store
    from vlmrate.inference.table import RunOutcome
    from vlmrate.probe.records import CaptureAbout
    from vlmrate.study.records import Item, Study


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A rater's answers in the order of pictures, means over repeats.

    `given` (pictures, labels) is the probability of each label of `item`, or with `by_probability` False how often it
    was the answer; an answer that could not be read is none of them, NaN stands where a picture was not rated.
    `ratings` are those said, by Likert item (pictures,).
    """

    rater: str
    protocol: str
    item: str
    labels: tuple[str, ...]
    given: np.ndarray
    by_probability: bool
    ratings: Mapping[str, np.ndarray]


def answered(
    study: Study, about: CaptureAbout, ids: Sequence[str], *, rater: str | None = None, protocol: str | None = None
) -> Answered | Skipped:
    """The ratings on disk that belong to a capture: its model's (known by digest) under its protocol, or those named.

    Skipped where there are none, or the study asks for no label.

    Raises:
        StoreError: The results cannot be read.
    """
    item = _label_item(study)
    if item is None:
        return Skipped("the study asks for no label")
    results = load_results(study)
    run = run_of(about, results.runs, rater, protocol)
    if isinstance(run, Skipped):
        return run
    table = results.ratings
    own = table[(table["rater"] == run.rater) & (table["protocol"] == run.protocol)]
    given, by_probability = _given(study, run, item, ids), True
    if given is None:
        given, by_probability = _said(own[own["item"] == item.name], item, ids), False
    likert = [other.name for other in study.items if isinstance(other.scale, Likert)]
    ratings = {name: _ratings(own[own["item"] == name], ids) for name in likert}
    return Answered(run.rater, run.protocol, item.name, item.answers, given, by_probability, ratings)


def _label_item(study: Study) -> Item | None:
    asked = [item for item in study.items if isinstance(item.scale, Labels)]
    meant = [item for item in asked if item.intended is not None and item.intended == study.factors.emotion]
    return next(iter([*meant, *asked]), None)


def _given(study: Study, run: RunOutcome, item: Item, ids: Sequence[str]) -> np.ndarray | None:
    """Probabilities of labels (pictures, labels); None where an answer lacks those of some label."""
    made: dict[str, list[list[float]]] = {}
    store = next(store for store in stores(study) if _place(store) == (run.rater, run.protocol))
    for _, rating in store.rating_files():
        for answer in (answer for step in rating.steps for answer in step.answers if answer.item == item.name):
            if answer.probabilities is None or answer.unlisted or set(answer.probabilities) != set(item.answers):
                return None
            made.setdefault(rating.image_id, []).append([answer.probabilities[label] for label in item.answers])
    if not made:
        return None
    nothing = np.full(len(item.answers), np.nan)
    return np.array([np.mean(made[name], axis=0) if name in made else nothing for name in ids])


def _place(store: Store) -> tuple[str, str]:
    return store.folder.parent.name, store.folder.name


def _said(own: pd.DataFrame, item: Item, ids: Sequence[str]) -> np.ndarray:
    """How often each label was the answer (pictures, labels)."""
    one_hot = pd.DataFrame({label: (own["value"] == label).astype(float) for label in item.answers})
    return one_hot.groupby(own["image_id"]).mean().reindex(list(ids)).to_numpy(dtype=np.float64)


def _ratings(own: pd.DataFrame, ids: Sequence[str]) -> np.ndarray:
    numbers = pd.to_numeric(own["value"]).groupby(own["image_id"]).mean()
    return numbers.reindex(list(ids)).to_numpy(dtype=np.float64)
