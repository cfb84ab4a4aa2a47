"""One long table of everything the raters of a study said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vlmrate.errors import StoreError
from vlmrate.inference.derivation import values_digest
from vlmrate.inference.store import WHAT_TO_DO, stores
from vlmrate.protocol.native import DERIVED
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from vlmrate.inference.derivation import Derivation
    from vlmrate.inference.records import Manifest, Rating
    from vlmrate.inference.store import Store
    from vlmrate.protocol.records import Forcing
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
    "unlisted",
    "step",
    "reasoning_tokens",
    "forced",
)


UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One rater under one protocol: how many ratings were asked for, made, and failed for good, and how it was set.

    `unreadable` counts rating files that cannot be read, `outside` ratings of images that the study no longer has;
    `settings` are the recipe's, and what is known of the model beside them. `recipe_sha256` and `values_sha256` are
    digests of how its ratings were made and of what they say; `derivation` is what a derived rater was made of.
    `forces` names the items whose answers the protocol put into the rater's mouth, and how.
    """

    rater: str
    protocol: str
    planned: int
    rated: int
    failed: int
    unreadable: int
    settings: Settings
    outside: int = 0
    recipe_sha256: str = ""
    values_sha256: str = ""
    derivation: Derivation | None = None
    forces: Mapping[str, Forcing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Results:
    """All raters found in a study's results.

    `ratings` has a row an image, item and repeat, with the columns of `COLUMNS`: `value` is a label, a number, or None
    where the answer could not be read; `expected` the probability-weighted rating and `valid_mass` the probability of
    all valid answers together, both NaN where unknown; `clamped` whether the number said was off the scale; `unlisted`
    how many valid answers the rater's probabilities leave out. `step` counts the prompts of an image from 1, and
    `reasoning_tokens` are those of that prompt (NaN where unknown). `forced` says what the protocol put into the
    rater's mouth, as item=answer, None where nothing. An item that was not asked because the protocol had stopped has
    route `unasked`. Images that failed have no rows.
    """

    ratings: pd.DataFrame
    runs: tuple[RunOutcome, ...]


def load_results(study: Study) -> Results:
    """Every rating on disk of every rater of a study.

    Raises:
        StoreError: A manifest cannot be read, a rating lies where it does not belong, or an item was asked on another
            scale than the study has now.
    """
    import pandas as pd

    images = {stimulus.image_id for stimulus in study.stimuli}
    rows: list[tuple[Any, ...]] = []
    runs = []
    for store in stores(study):
        manifest = _manifest(store)
        _refuse_other_scales(store, manifest, study)
        ratings = list(_own_ratings(store, manifest))
        known = [rating for rating in ratings if rating.image_id in images]
        rows.extend(row for rating in known for row in _rows(rating, manifest))
        runs.append(_outcome(store, manifest, ratings, known))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = dict.fromkeys(("expected", "valid_mass", "reasoning_tokens"), "float64")
    return Results(table.astype(numbers | {"value": object}), tuple(runs))


def _refuse_other_scales(store: Store, manifest: Manifest, study: Study) -> None:
    now = {item.name: item.answers for item in study.items}
    for name, answers in manifest.scales.items():
        if name in now and now[name] != answers:
            raise StoreError(
                f"{shown(store.folder)} has answers to {name} on another scale ({_range(answers)}) than the study has "
                f"now ({_range(now[name])}); put the scale back, or move the folder out of the results"
            )


def _range(answers: tuple[str, ...]) -> str:
    return ", ".join(answers) if len(answers) <= 8 else f"{answers[0]} to {answers[-1]}"


def _own_ratings(store: Store, manifest: Manifest) -> Iterator[Rating]:
    """The ratings of a store; what was copied in from elsewhere is not taken for the rater's own."""
    made_with = manifest.recipe.digest
    for file, rating in store.rating_files():
        belongs = file == store.path(rating.image_id, rating.repeat) and rating.made_with == made_with
        if not belongs:
            raise StoreError(f"{shown(file)} was made in another way than its folder's manifest says. {WHAT_TO_DO}")
        yield rating


def _rows(rating: Rating, manifest: Manifest) -> Iterator[tuple[Any, ...]]:
    place = (rating.rater, rating.protocol, rating.repeat, rating.image_id)
    forced = "; ".join(f"{item}={answer}" for item, answer in rating.forced.items()) or None
    asked = set()
    for number, step in enumerate(rating.steps, start=1):
        for answer in step.answers:
            asked.add(answer.item)
            value = float(answer.value) if isinstance(answer.value, int) else answer.value
            clamped = answer.clamped_from is not None
            told = (answer.expected, answer.route, clamped, answer.valid_mass, len(answer.unlisted))
            yield (*place, answer.item, value, *told, number, step.reasoning_tokens, forced)
    for item in manifest.scales:
        if item not in asked:
            yield (*place, item, None, None, UNASKED, False, None, 0, len(rating.steps), None, forced)


def _outcome(store: Store, manifest: Manifest, ratings: list[Rating], known: list[Rating]) -> RunOutcome:
    made = {(rating.image_id, rating.repeat) for rating in ratings}
    failed = {(failure.image_id, failure.repeat) for failure in store.failures()} - made
    return RunOutcome(
        rater=manifest.rater,
        protocol=manifest.protocol,
        planned=max(*(run.planned for run in manifest.runs), len(ratings) + len(failed)),
        rated=len(known),
        failed=len(failed),
        unreadable=len(list(store.ratings_folder.glob("*.json"))) - len(ratings),
        settings={**manifest.recipe.settings, **manifest.about},
        outside=len(ratings) - len(known),
        recipe_sha256=manifest.recipe.digest,
        values_sha256=values_digest(known),
        derivation=store.derivation() if manifest.protocol == DERIVED else None,
        forces=manifest.forces,
    )


def _manifest(store: Store) -> Manifest:
    manifest = store.manifest()
    if manifest is None:  # stores() lists only folders that have one, so it was taken away in between
        raise StoreError(f"{shown(store.folder)} has lost its manifest.json; restore it or move the folder away")
    if (manifest.rater, manifest.protocol) != (store.folder.parent.name, store.folder.name):
        raise StoreError(
            f"{shown(store.folder)} holds ratings by {manifest.rater} under {manifest.protocol}, so it is a copy; "
            "move it out of the results"
        )
    return manifest
