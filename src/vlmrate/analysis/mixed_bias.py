"""Bias per emotion by a mixed model: rating ~ rater_type * emotion + (1 | image_id), people's means beside the rater.

A coefficient such as rater_typerater:emotionsad tells by how much the bias in sad differs from that in the reference
emotion; the bias in sad itself is the simple effect, a contrast within the emotion. Both are told, each by its name.
The model takes both sides' residuals for equally large and identities for unrelated: the clustered bootstrap beside
it takes neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.errors import AnalysisError
from vlmrate.stats import Adjusted, Estimate, Outcome, Skipped, TestOutcome, TestResult
from vlmrate.stats.mixed import fit_mixed_model

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from vlmrate.analysis.data import Material, ScaleRatings
    from vlmrate.stats.mixed import MixedModelFit
    from vlmrate.study.records import Item

FORMULA = "rating ~ rater_type * emotion + (1 | image_id)"
TYPES = ("people", "rater")
INTERACTION = "rater_type:emotion"
SIMPLE = "rater minus people within the emotion, mixed model, Satterthwaite"


@dataclass(frozen=True, slots=True)
class SimpleEffect:
    """The bias in one emotion: rater minus people, tested against 0; `holm` corrects over the item's family.

    `bias.n` and `test.n` count the images of the emotion that both rated. An emotion without any is Skipped.
    """

    emotion: str
    bias: Outcome
    test: TestOutcome
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of the fixed part with its t test."""

    term: str
    estimate: float
    std_error: float
    df: float
    t: float
    p_value: float


@dataclass(frozen=True, slots=True)
class MixedBias:
    """The fitted model of one rater; `interaction` tests whether the bias differs between emotions (type III F).

    `images` counts those rated by both, as does `interaction.n`. SDs are of the images and of the residual, in scale
    points; `messages` is what a reader must know of the fit.
    """

    images: int
    reference: str
    effects: tuple[SimpleEffect, ...]
    interaction: TestResult
    interaction_df: float
    coefficients: tuple[Coefficient, ...]
    image_sd: float
    residual_sd: float
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaterMixedBias:
    """One rater's model, Skipped where it cannot be fitted."""

    rater: str
    model: MixedBias | Skipped


@dataclass(frozen=True, slots=True)
class ItemMixedBias:
    """All raters' models of one item; `family_size` simple effects are corrected together."""

    item: str
    formula: str
    family: str
    family_size: int
    raters: tuple[RaterMixedBias, ...] | Skipped


def mixed_biases(material: Material) -> tuple[ItemMixedBias, ...] | Skipped:
    """The models of each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    if material.images.emotion is None:
        return NO_EMOTION
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemMixedBias:
    name = f"bias per emotion in {item.name} by mixed models, all raters"
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemMixedBias(item.name, FORMULA, name, 0, raters)
    found = [RaterMixedBias(rater.name, _model(material, material.scale(rater, item))) for rater in raters]
    family = stats.Family.of(
        name, {_test(entry.rater, effect): effect.test for entry in found for effect in _effects_of(entry)}
    )
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    return ItemMixedBias(item.name, FORMULA, name, family.size, tuple(_corrected(entry, holm) for entry in found))


def _model(material: Material, given: ScaleRatings) -> MixedBias | Skipped:
    both = given.value.notna() & given.people.notna()
    if given.emotion is None:
        return NO_EMOTION
    emotions = [emotion for emotion in material.images.emotions if (given.emotion[both] == emotion).any()]
    if len(emotions) < 2:
        return Skipped(f"the images rated by both show {len(emotions)} emotions, the model compares two or more")
    try:
        fit = fit_mixed_model(FORMULA, _rows(given, both, emotions))
        return _told(fit, given.emotion[both].value_counts(), material.images.emotions, material.bootstrap.level)
    except AnalysisError as error:
        return Skipped(f"the mixed model cannot be fitted: {str(error).rstrip('.')}")


def _rows(given: ScaleRatings, both: pd.Series[bool], emotions: list[str]) -> pd.DataFrame:
    """Two rows an image: people's mean, and the rater."""
    if given.emotion is None:  # only to say so to the type checker
        raise AnalysisError("a bias per emotion needs emotions")
    images, emotion = given.value.index[both], given.emotion[both].tolist()
    return pd.DataFrame(
        {
            "rating": [*given.people[both], *given.value[both]],
            "rater_type": pd.Categorical(np.repeat(TYPES, len(images)), categories=TYPES),
            "emotion": pd.Categorical(emotion * 2, categories=emotions),
            "image_id": [*images, *images],
        }
    )


def _told(fit: MixedModelFit, images: pd.Series[int], emotions: Sequence[str], level: float) -> MixedBias:
    """The fit in our words; `images` are counted by emotion, `emotions` are all that the study shows."""
    rows = fit.contrasts("rater_type", by="emotion", level=level).to_dict("records")
    contrasts = {str(row["emotion"]): row for row in rows}
    sds = fit.variance_components["std_dev"]
    names = ["statistic", "p_value", "den_df", "num_df"]
    anova = fit.anova().set_index("term")
    f, p, df, between = anova.loc[[INTERACTION], names].to_numpy(dtype=np.float64)[0].tolist()
    return MixedBias(
        images=int(images.sum()),
        reference=next(iter(contrasts)),
        effects=tuple(
            _effect(contrasts[emotion], level, int(images[emotion])) if emotion in contrasts else _unrated(emotion)
            for emotion in emotions
        ),
        interaction=TestResult(f, p, df, "type III F, Satterthwaite", int(images.sum())),
        interaction_df=between,
        coefficients=tuple(
            Coefficient(str(term), *map(float, numbers))
            for term, *numbers in fit.coefficients.itertuples(index=False, name=None)
        ),
        image_sd=float(sds.iloc[0]),
        residual_sd=float(sds.iloc[-1]),
        messages=fit.messages,
    )


def _effect(row: Mapping[Hashable, object], level: float, n: int) -> SimpleEffect:
    emotion, uncorrected = str(row["emotion"]), NO_TEST
    if row["note"]:
        missing = Skipped(str(row["note"]))
        return SimpleEffect(emotion, missing, missing, uncorrected)
    names = ("estimate", "ci_low", "ci_high", "statistic", "p_value", "df")
    value, low, high, t, p, df = (float(str(row[name])) for name in names)
    bias = Estimate(value, low, high, level, n, SIMPLE)
    return SimpleEffect(emotion, bias, TestResult(t, p, df, SIMPLE, n), uncorrected)


def _unrated(emotion: str) -> SimpleEffect:
    why = Skipped(f"no image rated by both in {emotion}")
    return SimpleEffect(emotion, why, why, NO_TEST)


def _effects_of(entry: RaterMixedBias) -> tuple[SimpleEffect, ...]:
    return () if isinstance(entry.model, Skipped) else entry.model.effects


def _corrected(entry: RaterMixedBias, holm: Mapping[str, Adjusted]) -> RaterMixedBias:
    if isinstance(entry.model, Skipped):
        return entry
    effects = (replace(e, holm=holm.get(_test(entry.rater, e), e.holm)) for e in entry.model.effects)
    return replace(entry, model=replace(entry.model, effects=tuple(effects)))


def _test(rater: str, effect: SimpleEffect) -> str:
    return f"{rater}, {effect.emotion}"
