"""One long table of everything the raters of a study said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vlmrate.errors import StoreError
from vlmrate.inference.store import stores
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vlmrate.inference.records import Manifest, Rating
    from vlmrate.inference.store import Store
    from vlmrate.raters.base import Settings
    from vlmrate.study.records import Study

COLUMNS = (
    "rater",
    "protocol",
    "repeat",
    "image_id",
    "item",
    "value",
    "expected",
    "route",
    "clamped",
    "valid_mass",
)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One rater under one protocol: how many ratings were asked for, made, and failed for good, and how it was set.

    `unreadable` counts rating files that cannot be read; `settings` are the recipe's, and what is known of
    the model beside them.
    """

    rater: str
    protocol: str
    planned: int
    rated: int
    failed: int
    unreadable: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class Results:
    """All raters found in a study's results.

    `ratings` has a row an image, item and repeat, with the columns of `COLUMNS`: `value` is a label, a number, or None
    where the answer could not be read; `expected` the probability-weighted rating and `valid_mass` the probability of
    all valid answers together, both NaN where unknown; `clamped` whether the number said was off the scale. Images
    that failed have no rows.
    """

    ratings: pd.DataFrame
    runs: tuple[RunOutcome, ...]


def load_results(study: Study) -> Results:
    """Every rating on disk of every rater of a study.

    Raises:
        StoreError: A manifest cannot be read.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    runs = []
    for store in stores(study):
        ratings = list(store.ratings())
        rows.extend(row for rating in ratings for row in _rows(rating))
        runs.append(_outcome(store, ratings))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = dict.fromkeys(("expected", "valid_mass"), "float64")
    return Results(table.astype(numbers | {"value": object}), tuple(runs))


def _rows(rating: Rating) -> Iterator[tuple[Any, ...]]:
    for step in rating.steps:
        for answer in step.answers:
            yield (
                rating.rater,
                rating.protocol,
                rating.repeat,
                rating.image_id,
                answer.item,
                float(answer.value) if isinstance(answer.value, int) else answer.value,
                answer.expected,
                answer.route,
                answer.clamped_from is not None,
                answer.valid_mass,
            )


def _outcome(store: Store, ratings: list[Rating]) -> RunOutcome:
    manifest = _manifest(store)
    made = {(rating.image_id, rating.repeat) for rating in ratings}
    failed = {(failure.image_id, failure.repeat) for failure in store.failures()} - made
    return RunOutcome(
        rater=manifest.rater,
        protocol=manifest.protocol,
        planned=max(run.planned for run in manifest.runs),
        rated=len(ratings),
        failed=len(failed),
        unreadable=len(list(store.ratings_folder.glob("*.json"))) - len(ratings),
        settings={**manifest.recipe.settings, **manifest.about},
    )


def _manifest(store: Store) -> Manifest:
    manifest = store.manifest()
    if manifest is None:  # stores() lists only folders that have one, so it was taken away in between
        raise StoreError(f"{shown(store.folder)} has lost its manifest.json; restore it or move the folder away")
    return manifest
