"""Whether a derived rater is what its record says, and what was fitted for an image never saw whom it shows.

Its sources and people's ratings must be those it was made of; nobody shown may lie in two folds; the lines on record
must be those that the other folds give; and the stored values must be those that the lines give.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.analysis.derived import FITTED, items_of, labels, lines_of, run_of, values_of
from vlmrate.inference.derivation import images_digest, means_digest, singles_digest
from vlmrate.protocol.native import DERIVED
from vlmrate.stats import Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.inference.derivation import Derivation, FoldLine
    from vlmrate.study.ratings import HumanRatings
    from vlmrate.study.records import Item

TOLERANCE = 1e-6
"""Scale points by which a value or line may differ from that on record: arithmetic differs a little by machine."""
AGAIN = "derive it again with --fresh"


def is_derived(rater: RaterRun) -> bool:
    """Whether a rater was made of other ratings."""
    return rater.run.protocol == DERIVED


def unsound(material: Material, rater: RaterRun) -> Skipped | None:
    """Why a derived rater cannot be taken for what its record says; None where it can, and for all other raters."""
    if not is_derived(rater):
        return None
    made = rater.run.derivation
    if made is None:
        return Skipped(f"its derivation.json is missing or cannot be read; {AGAIN}")
    reason = next((reason for reason in _reasons(material, rater, made) if reason is not None), None)
    return None if reason is None else Skipped(f"{reason}; {AGAIN}")


def _reasons(material: Material, rater: RaterRun, made: Derivation) -> Iterator[str | None]:
    """What is wrong, one check after another: each may rest on those before it."""
    yield _other_recipe(rater, made)
    yield _unknown_items(material, made)
    yield _other_sources(material, made)
    yield _other_people(material, made)
    yield _other_images(material, made)
    yield _leak(material, made)
    yield _other_lines(material, made)
    yield _other_labels(material, made)
    yield _other_values(material, rater, made)


def _other_recipe(rater: RaterRun, made: Derivation) -> str | None:
    differing = [name for name, value in made.settings.items() if rater.run.settings.get(name) != value]
    return f"its derivation.json and its manifest differ in {', '.join(differing)}" if differing else None


def _unknown_items(material: Material, made: Derivation) -> str | None:
    known = {item.name for item in material.study.items}
    gone = [name for name in made.items if name not in known]
    return f"the study has no item {gone[0]} any more" if gone else None


def _other_sources(material: Material, made: Derivation) -> str | None:
    for source in made.sources:
        run = run_of(material, source)
        if run is None:
            return f"its source {source.name} has no ratings here"
        if (run.run.recipe_sha256, run.run.values_sha256) != (source.recipe_sha256, source.values_sha256):
            return f"its source {source.name} has changed since it was derived"
        wrong = unsound(material, run)
        if wrong is not None:
            return f"its source {source.name} cannot be taken for what it says it is ({wrong.reason})"
    return None


def _other_people(material: Material, made: Derivation) -> str | None:
    if made.people_sha256 is None:
        return f"its record does not say which people {made.method} is made of" if uses_people(made) else None
    ratings = material.study.ratings
    if ratings is None or people_digest(ratings, made.method, items_of(material, made)) != made.people_sha256:
        return "people's ratings have changed since it was derived"
    return None


def uses_people(made: Derivation) -> bool:
    """Whether people's ratings are among what it was made of."""
    return made.method in (*FITTED, "person")


def rests_on_people(material: Material, rater: RaterRun) -> bool:
    """Whether people's ratings are among what a rater was made of, or its sources were; also where no record says.

    What is fitted to such a rater sees whom it is to serve, by way of the other images' values.
    """
    return any(_sees_people(material, one) for one in lineage(material, rater))


def _sees_people(material: Material, rater: RaterRun) -> bool:
    made = rater.run.derivation
    if made is None:
        return is_derived(rater)
    return uses_people(made) or any(run_of(material, source) is None for source in made.sources)


def lineage(material: Material, rater: RaterRun) -> tuple[RaterRun, ...]:
    """A rater, what it was made of, and what that was made of in turn: each once, even where a circle is on record."""
    found = {rater.name: rater}
    waiting = [rater]
    while waiting:
        made = waiting.pop().run.derivation
        sources = [run_of(material, source) for source in (made.sources if made is not None else ())]
        new = {run.name: run for run in sources if run is not None and run.name not in found}
        found |= new
        waiting.extend(new.values())
    return tuple(found.values())


def people_digest(ratings: HumanRatings, method: str, items: tuple[Item, ...]) -> str:
    """The digest of what of people's ratings a method uses; another one where they are not at hand."""
    rated = [item for item in items if item.name in ratings.items]
    if method == "person":
        return singles_digest(ratings, [item.name for item in rated]) if ratings.has_singles else ""
    return means_digest(ratings, [item.name for item in rated if not isinstance(item.scale, Labels)])


def _other_images(material: Material, made: Derivation) -> str | None:
    if made.method not in FITTED:
        return None
    same = made.images_sha256 == images_digest(material.study)
    if not same or any(image not in made.folds for image in material.images.ids):
        return "the images, or what the study says of them, have changed since it was derived"
    return None


def _leak(material: Material, made: Derivation) -> str | None:
    """An identity in two folds: what serves its images in one was fitted on its images in the other."""
    if made.method not in FITTED:
        return None
    seen: dict[str, int] = {}
    for image, identity in material.images.clusters.items():
        fold = made.folds[str(image)]
        if seen.setdefault(identity, fold) != fold:
            return (
                f"the {material.images.clustered_by} {identity} lies in the folds {seen[identity]} and {fold}, so that "
                "its values were fitted on its own images"
            )
    return None


def _other_lines(material: Material, made: Derivation) -> str | None:
    if made.method not in FITTED:
        return None
    now = lines_of(material, made)
    if isinstance(now, Skipped):
        return f"its lines cannot be fitted ({now.reason})"
    there, due = _by_place(made.lines), _by_place(now)
    for place in sorted(there.keys() | due.keys()):
        if place not in there or place not in due or not _same_line(there[place], due[place]):
            item, fold, group = place
            return (
                f"the line on record for {item}, {group}, fold {fold} is not the one that the other folds give, so "
                "that it may have seen the images it serves"
            )
    return None


def _by_place(lines: tuple[FoldLine, ...]) -> dict[tuple[str, int, str], FoldLine]:
    return {(line.item, line.fold, line.group): line for line in lines}


def _same_line(one: FoldLine, other: FoldLine) -> bool:
    ends = ((one.slope, other.slope), (one.intercept, other.intercept))
    return one.n == other.n and all(abs(a - b) <= TOLERANCE * max(1.0, abs(b)) for a, b in ends)


def _other_labels(material: Material, made: Derivation) -> str | None:
    """A vote's label that most sources did not give; which of equally many wins is not judged again."""
    if made.method != "ensemble":
        return None
    for item in (item for item in items_of(material, made) if isinstance(item.scale, Labels)):
        votes = [labels(material, source, item) for source in made.sources]
        for image, label in made.labels.get(item.name, {}).items():
            given = [vote.get(image) for vote in votes]
            if label is not None and label not in winners(given):
                return f"{item.name} of {image} is {label} on record, which is not what most sources say"
    return None


def winners(given: list[str | None]) -> tuple[str, ...]:
    """The labels that most votes are for, in the order in which they were first given; none where one has no vote."""
    if any(label is None for label in given):
        return ()
    votes = Counter(given)
    return tuple(str(label) for label, count in votes.items() if count == max(votes.values()))


def _other_values(material: Material, rater: RaterRun, made: Derivation) -> str | None:
    due = values_of(material, made)
    for item in items_of(material, made):
        if isinstance(item.scale, Labels):
            wrong = _first_other(material.answers(rater, item), due[item.name], _same_label)
        else:
            wrong = _first_other(material.scale(rater, item).value, due[item.name], _same_number)
        if wrong is not None:
            return f"{item.name} of {wrong} is not stored as its record gives it"
    return None


def _first_other(stored: pd.Series[Any], due: pd.Series[Any], same: Callable[[Any, Any], bool]) -> str | None:
    pairs = zip(stored.index, stored, due.reindex(stored.index), strict=True)
    return next((str(image) for image, value, other in pairs if not same(value, other)), None)


def _same_label(one: Any, other: Any) -> bool:
    return bool((pd.isna(one) and pd.isna(other)) or one == other)


def _same_number(one: Any, other: Any) -> bool:
    return bool(np.isclose(one, other, rtol=0.0, atol=TOLERANCE, equal_nan=True))
