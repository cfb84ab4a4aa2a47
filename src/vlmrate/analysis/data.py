"""What the analysis works on: each rater's answers to an item beside all that is known of the images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.analysis.others import is_group_mean, people_beside
from vlmrate.errors import AnalysisError
from vlmrate.stats import Skipped
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.analysis.options import AnalysisOptions
    from vlmrate.inference.table import Results, RunOutcome
    from vlmrate.stats import Bootstrap
    from vlmrate.study.records import Item, Study

NO_EMOTION = Skipped("the study names no emotion factor")
NO_PEOPLE = Skipped("the study has no ratings by people")
GROUP_MEAN = Skipped("within an emotion or label the rater's numbers differ only by who was left out of people's mean")


@dataclass(frozen=True, slots=True)
class RaterRun:
    """A rater under one protocol, under the name that tables give it."""

    name: str
    run: RunOutcome


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """What is known of the study's images, whoever rates them. All Series have the image_id as index.

    `emotion` is None where the study names no such factor. `clusters` are what bootstraps draw: who is shown, where
    the study says so, else each image by itself; `clustered_by` says which, in words.
    """

    ids: pd.Index
    emotion: pd.Series[str] | None
    emotions: tuple[str, ...]
    clusters: pd.Series[str]
    clustered_by: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelAnswers:
    """One rater's answers to an item with labels, one an image; all Series share their index, the image_id.

    `answer` is None where it was not valid. Images that the rater did not rate are left out.
    """

    rater: str
    answer: pd.Series[str]
    intended: pd.Series[str]
    clusters: pd.Series[str]


@dataclass(frozen=True, slots=True, eq=False)
class ScaleRatings:
    """One rater's ratings on a scale beside people's means; all Series share their index, the image_id.

    `value` is what the rater said (the mean over repeats), `spoken` what it said the first time, `expected` the
    probability-weighted rating; `people` are the means of people's ratings, those that are the rater's own left out.
    Each is NaN where there is none. `group_mean` says that within an emotion or label it knows nothing of the image.
    """

    rater: str
    value: pd.Series[float]
    spoken: pd.Series[float]
    expected: pd.Series[float]
    people: pd.Series[float]
    emotion: pd.Series[str] | None
    clusters: pd.Series[str]
    group_mean: bool = False

    @property
    def n(self) -> int:
        """Images with a rating by the rater and a mean of people."""
        return int((self.value.notna() & self.people.notna()).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A study and its raters' answers, ready to be asked for by rater and item.

    `tables` are the long rows of each rater (as tables call it) and item, first repeats first; `means` those of people
    by item; `scales` the ratings of each rater and item answered with a number. All are cut once, for every question
    asks for them. `forced` are raters under protocols that put answers into their mouths: they have tables, but no part
    in any comparison but the ablations.
    """

    study: Study
    raters: tuple[RaterRun, ...]
    images: Images
    tables: Mapping[tuple[str, str], pd.DataFrame]
    means: Mapping[str, pd.Series[float]]
    scales: Mapping[tuple[str, str], ScaleRatings]
    options: AnalysisOptions
    forced: tuple[RaterRun, ...] = ()

    @property
    def bootstrap(self) -> Bootstrap:
        """How intervals are made."""
        return self.options.bootstrap

    @property
    def label_items(self) -> tuple[Item, ...]:
        """Items answered with a label."""
        return tuple(item for item in self.study.items if isinstance(item.scale, Labels))

    @property
    def scale_items(self) -> tuple[Item, ...]:
        """Items answered with a number."""
        return tuple(item for item in self.study.items if isinstance(item.scale, Likert))

    def rows(self, rater: RaterRun, item: Item) -> pd.DataFrame:
        """The long rows of one rater and item, first repeats first; none where the rater was not asked for it."""
        return self.tables.get(
            (rater.name, item.name), pd.DataFrame(columns=["repeat", "image_id", "value", "expected"])
        )

    def asked(self, item: Item) -> tuple[RaterRun, ...]:
        """The raters that have an answer, valid or not, to an item."""
        return tuple(rater for rater in self.raters if (rater.name, item.name) in self.tables)

    def labels(self, rater: RaterRun, item: Item) -> LabelAnswers:
        """One rater's answers to an item with labels and intended answers."""
        answer = self.answers(rater, item)
        intended = pd.Series(
            [s.factors[item.intended or ""] for s in self.study.stimuli], self.images.ids, dtype=object
        )
        return LabelAnswers(
            rater=rater.name,
            answer=answer,
            intended=intended.reindex(answer.index),
            clusters=self.images.clusters.reindex(answer.index),
        )

    def answers(self, rater: RaterRun, item: Item) -> pd.Series[str]:
        """One rater's labels by image_id: the first repeat of each image, None where it was not valid."""
        first = self.rows(rater, item).drop_duplicates("image_id").set_index("image_id")["value"]
        answer = first.reindex(_rated(self.images, first.index))
        return answer.where(answer.notna(), None)

    def scale(self, rater: RaterRun, item: Item) -> ScaleRatings:
        """One rater's ratings on an item's scale beside people's means; none where it was not asked for it."""
        known = self.scales.get((rater.name, item.name))
        return _scale(rater.name, self.rows(rater, item), self.people(item), self.images) if known is None else known

    def people(self, item: Item) -> pd.Series[float]:
        """Mean of people's ratings of each image they rated; empty where they did not rate the item."""
        return self.means.get(item.name, pd.Series(dtype="float64"))

    def ratings_an_image(self, item: Item) -> pd.Series[int]:
        """Number of ratings by people of each image they rated; empty where they did not rate the item."""
        if self.study.ratings is None or item.name not in self.study.ratings.items:
            return pd.Series(dtype="int64")
        if not self.study.ratings.has_singles:
            return self.study.ratings.means(item.name)["n"]
        return self.study.ratings.singles(item.name).groupby("image_id").size()

    def singles(self, item: Item) -> pd.DataFrame | Skipped:
        """Single ratings by people: rater_id, image_id, value; Skipped where they are not at hand."""
        if self.study.ratings is None:
            return NO_PEOPLE
        if item.name not in self.study.ratings.items:
            return Skipped(f"people did not rate {item.name}")
        if not self.study.ratings.has_singles:
            return Skipped("people's single ratings are not at hand, only their means")
        return _with_objects(self.study.ratings.singles(item.name), "image_id", "rater_id")

    def without_people(self, item: Item) -> Skipped | None:
        """Why there are no ratings of an item by people, None where there are."""
        if self.study.ratings is None:
            return NO_PEOPLE
        if item.name not in self.study.ratings.items:
            return Skipped(f"people did not rate {item.name}")
        return None


def gather(study: Study, results: Results, options: AnalysisOptions) -> Material:
    """Bring a study and its results together.

    Raises:
        AnalysisError: There are no ratings, neither by a rater nor by people, or an option names a rater that has none.
    """
    chosen = _chosen(study, results, options.raters)
    forced = _forced(results, options.raters)
    names = {(entry.run.rater, entry.run.protocol): entry.name for entry in (*chosen, *forced)}
    table = results.ratings
    keys = list(zip(table["rater"], table["protocol"], strict=True))
    # As an array: an empty list would be taken for a choice of columns.
    theirs = table[np.array([key in names for key in keys], dtype=bool)]
    named = _with_objects(theirs.assign(name=[names[key] for key in keys if key in names]), "image_id")
    tables = {
        (str(name), str(item)): rows.sort_values("repeat", kind="stable")
        for (name, item), rows in named.groupby(["name", "item"], sort=False)
    }
    images, means = _images(study), _means(study)
    scales = _scales(study, (*chosen, *forced), tables, means, images, results.runs)
    return Material(study, chosen, images, tables, means, scales, options, forced)


def _scales(
    study: Study,
    chosen: Sequence[RaterRun],
    tables: Mapping[tuple[str, str], pd.DataFrame],
    means: Mapping[str, pd.Series[float]],
    images: Images,
    everybody: Sequence[RunOutcome],
) -> dict[tuple[str, str], ScaleRatings]:
    numbers, nobody = {item.name for item in study.items if isinstance(item.scale, Likert)}, pd.Series(dtype="float64")
    runs = {entry.name: entry.run for entry in chosen}
    told = {
        (rater, item): _scale(rater, rows, people_beside(study, runs[rater], item, means.get(item, nobody)), images)
        for (rater, item), rows in tables.items()
        if item in numbers
    }
    return {
        (rater, item): replace(given, group_mean=is_group_mean(everybody, runs[rater], item))
        for (rater, item), given in told.items()
    }


def _scale(rater: str, rows: pd.DataFrame, people: pd.Series[float], images: Images) -> ScaleRatings:
    numbers = rows.assign(value=pd.to_numeric(rows["value"]))
    by_image = numbers.groupby("image_id")
    ids = _rated(images, pd.Index(rows["image_id"].unique()))
    return ScaleRatings(
        rater=rater,
        value=by_image["value"].mean().reindex(ids),
        spoken=numbers.drop_duplicates("image_id").set_index("image_id")["value"].reindex(ids),
        expected=by_image["expected"].mean().reindex(ids),
        people=people.reindex(ids),
        emotion=None if images.emotion is None else images.emotion.reindex(ids),
        clusters=images.clusters.reindex(ids),
    )


def _rated(images: Images, image_ids: pd.Index) -> pd.Index:
    """The images rated, in the order of the study: equal data give equal results, whatever the order of rows."""
    return images.ids[images.ids.isin(image_ids)]


def _means(study: Study) -> dict[str, pd.Series[float]]:
    """People's mean of each image, by item answered with a number."""
    if study.ratings is None:
        return {}
    scales = [item.name for item in study.items if isinstance(item.scale, Likert)]
    means = {name: study.ratings.means(name)["mean"] for name in study.ratings.items if name in scales}
    return {name: mean.set_axis(mean.index.astype(object)) for name, mean in means.items()}


def _with_objects(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Rows with some columns as Python's strings: pandas looks names up in Arrow's several times more slowly."""
    return rows.astype(dict.fromkeys(names, object))


def _chosen(study: Study, results: Results, wanted: Sequence[str]) -> tuple[RaterRun, ...]:
    rated = [run for run in results.runs if run.rated and not run.forces]
    if not rated and (wanted or study.ratings is None):
        there = "only ratings with forced answers" if any(run.rated for run in results.runs) else "no ratings"
        raise AnalysisError(
            f"there are {there} of the study {study.name} yet; run `vlmrate infer --model NAME` first "
            "(`vlmrate models` lists them)"
        )
    known = {run.rater for run in rated}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise AnalysisError(f"there are no ratings by {unknown[0]!r}; raters with ratings: {', '.join(sorted(known))}")
    # Runs in which every image failed stay: they have nothing to compare, but a reader must learn of them.
    runs = [run for run in results.runs if not run.forces and (not wanted or run.rater in wanted)]
    several = {run.rater for run in runs if sum(other.rater == run.rater for other in runs) > 1}
    named = [RaterRun(f"{run.rater} ({run.protocol})" if run.rater in several else run.rater, run) for run in runs]
    return tuple(sorted(named, key=lambda entry: entry.name))


def _forced(results: Results, wanted: Sequence[str]) -> tuple[RaterRun, ...]:
    runs = [run for run in results.runs if run.forces and (not wanted or run.rater in wanted)]
    named = [RaterRun(f"{run.rater} ({run.protocol})", run) for run in runs]
    return tuple(sorted(named, key=lambda entry: entry.name))


def _images(study: Study) -> Images:
    ids = pd.Index([stimulus.image_id for stimulus in study.stimuli], dtype=object)
    emotion = _factor(study, study.factors.emotion)
    identity = _factor(study, study.factors.identity)
    return Images(
        ids=ids,
        emotion=emotion,
        emotions=() if emotion is None else _emotions(study, emotion),
        clusters=pd.Series(ids, index=ids, dtype=object) if identity is None else identity,
        clustered_by="image" if identity is None else "identity",
    )


def _factor(study: Study, column: str | None) -> pd.Series[str] | None:
    if column is None:
        return None
    ids = pd.Index([stimulus.image_id for stimulus in study.stimuli], dtype=object)
    return pd.Series([stimulus.factors[column] for stimulus in study.stimuli], index=ids, dtype=object)


def _emotions(study: Study, emotion: pd.Series[str]) -> tuple[str, ...]:
    """The levels of the emotion factor, in the order of the item that asks for them, else as they first appear."""
    levels = list(dict.fromkeys(emotion))
    for item in study.items:
        if isinstance(item.scale, Labels) and set(levels) <= set(item.scale.options):
            return tuple(option for option in item.scale.options if option in levels)
    return tuple(levels)
