"""Bias between groups by mixed models: people's means beside the rater, crossed with the group and the emotion.

The bias is a difference of differences, (rater - people) in one group minus the same in another, averaged over the
emotions alike. The group's effect on the rater and on people stand beside it: neither is a bias by itself. Where
identities repeat, the model lets a person shown be rated higher or lower by both sides, and by each side for itself;
without the latter, a rater's liking for some faces would pass for certainty about their group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST, asked_beside_people, rated_scales
from vlmrate.analysis.group_bootstrap import GapBootstrap
from vlmrate.analysis.groups import NO_GROUPS, RatedByBoth, group_factors
from vlmrate.errors import AnalysisError
from vlmrate.stats import Adjusted, Estimate, Outcome, Skipped, TestOutcome, TestResult
from vlmrate.stats.mixed import fit_mixed_model, interaction_contrasts

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from vlmrate.analysis.data import Material
    from vlmrate.analysis.groups import GroupFactor
    from vlmrate.stats.mixed import MixedModelFit
    from vlmrate.study.records import Item

TYPES = ("people", "rater")
WHOLE = "rating ~ rater_type * group * emotion"
IN_PAIRS = "rating ~ rater_type * group + rater_type * emotion + group * emotion"
NO_EMOTIONS = "rating ~ rater_type * group"
IMAGES = " + (1 | image_id)"
IDENTITIES = " + (1 | identity) + (1 | rater_type:identity)"
LEAST_IN_CELL = 2
"""Images that every group needs of every emotion for the threefold interaction to be asked for."""
CONTRAST = "mixed model, Satterthwaite"


@dataclass(frozen=True, slots=True)
class GroupContrast:
    """The first group beside the second: `bias` is the difference of differences, tested against 0.

    `rater_effect` and `people_effect` are the groups' differences on either side; bias = rater's - people's.
    `bootstrap` is the same difference of differences, resampling who is shown.
    """

    group: str
    reference: str
    n: int
    n_reference: int
    bias: Outcome
    test: TestOutcome
    holm: Adjusted | Skipped
    bootstrap: Outcome
    rater_effect: Outcome
    people_effect: Outcome


@dataclass(frozen=True, slots=True)
class InteractionTest:
    """The type III F test of an interaction with the group; `test.df` are the denominator's degrees of freedom."""

    term: str
    numerator_df: int
    test: TestOutcome
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class GroupModel:
    """A fitted model; `formula` has the factor's own name, `messages` is what a reader must know of the fit."""

    formula: str
    images: int
    contrasts: tuple[GroupContrast, ...]
    interactions: tuple[InteractionTest, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaterGroupModel:
    """One rater and one factor of groups, Skipped where the model cannot be fitted."""

    rater: str
    factor: str
    model: GroupModel | Skipped


@dataclass(frozen=True, slots=True)
class ItemGroupModels:
    """All models of one item; contrasts are corrected together, and so are interactions."""

    item: str
    family: str
    family_size: int
    interaction_family: str
    interaction_family_size: int
    raters: tuple[RaterGroupModel, ...] | Skipped


def group_models(material: Material) -> tuple[ItemGroupModels, ...] | Skipped:
    """A model for every rater and factor of groups, for each item that is answered with a number."""
    if not material.study.factors.groups:
        return NO_GROUPS
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemGroupModels:
    names = (
        f"bias between groups in {item.name} by mixed models, all raters and factors",
        f"interactions with groups in {item.name} by mixed models, all raters and factors",
    )
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemGroupModels(item.name, names[0], 0, names[1], 0, raters)
    factors = group_factors(material)
    found = []
    for rater in raters:
        rated = RatedByBoth.of(material, material.scale(rater, item))
        found += [RaterGroupModel(rater.name, f.name, _model(material, rated, f)) for f in factors]
    contrasts = stats.Family.of(
        names[0], {_contrast(of, c): c.test for of, model in _fitted(found) for c in model.contrasts}
    )
    interactions = stats.Family.of(
        names[1], {_interaction(of, i): i.test for of, model in _fitted(found) for i in model.interactions}
    )
    holm = {adjusted.test: adjusted for family in (contrasts, interactions) for adjusted in stats.holm(family)}
    told_raters = tuple(_corrected(entry, holm) for entry in found)
    return ItemGroupModels(item.name, names[0], contrasts.size, names[1], interactions.size, told_raters)


def _model(material: Material, rated: RatedByBoth, factor: GroupFactor) -> GroupModel | Skipped:
    if (alone := factor.alone()) is not None:
        return alone
    levels = rated.levels(factor)
    shown = [level for level in factor.levels if (levels == level).any()]
    if len(shown) < 2:
        return Skipped(f"{len(shown)} of the {len(factor.levels)} levels of {factor.name} have an image rated by both")
    formula = _formula(rated, levels)
    try:
        fit = fit_mixed_model(formula, _rows(rated, levels, shown))
        contrasts = _contrasts(material, rated, factor, fit)
        return GroupModel(
            formula=_named(formula, factor.name),
            images=len(levels),
            contrasts=contrasts,
            interactions=_interactions(fit, factor.name, len(levels)),
            messages=fit.messages,
        )
    except AnalysisError as error:
        return Skipped(f"the mixed model cannot be fitted: {str(error).rstrip('.')}")


def _formula(rated: RatedByBoth, levels: pd.Series[str]) -> str:
    """The threefold interaction where every cell can carry it, else the interactions of two."""
    random = IMAGES + (IDENTITIES if rated.repeats_identities else "")
    if len(rated.strata) < 2:
        return NO_EMOTIONS + random
    smallest = pd.crosstab(levels, rated.stratum).to_numpy().min()
    return (WHOLE if smallest >= LEAST_IN_CELL else IN_PAIRS) + random


def _named(formula: str, factor: str) -> str:
    return formula.replace("group", factor)


def _rows(rated: RatedByBoth, levels: pd.Series[str], shown: Sequence[str]) -> pd.DataFrame:
    """Two rows an image: people's mean, and the rater. Groups are reversed, so that "later - earlier" is first minus
    second in the study's order."""
    images = levels.index
    return pd.DataFrame(
        {
            "rating": [*rated.people, *rated.value],
            "rater_type": pd.Categorical(np.repeat(TYPES, len(images)), categories=TYPES),
            "group": pd.Categorical([*levels, *levels], categories=list(reversed(shown))),
            "emotion": pd.Categorical([*rated.stratum, *rated.stratum], categories=list(rated.strata)),
            # Numbers: levels of text take longer to sort than a model to fit.
            "image_id": np.tile(np.arange(len(images)), 2),
            "identity": np.tile(pd.factorize(rated.clusters)[0], 2),
        }
    )


def _contrasts(
    material: Material, rated: RatedByBoth, factor: GroupFactor, fit: MixedModelFit
) -> tuple[GroupContrast, ...]:
    """Every two levels in the study's order, those that nobody rated with their reason."""
    level = material.bootstrap.level
    levels = rated.levels(factor)
    sizes = {name: int((levels == name).sum()) for name in factor.levels}
    bias = interaction_contrasts(fit, "rater_type", "group", level=level).to_dict("records")
    biases = {(row["second_later"], row["second_earlier"]): row for row in bias}
    effects = {side: _effects(fit, side, level, [n for n in factor.levels if sizes[n]]) for side in TYPES}
    bootstrap = GapBootstrap(material, rated, levels)
    found = []
    for pair in factor.pairs:
        n = sizes[pair[0]], sizes[pair[1]]
        if 0 in n:
            empty = Skipped(f"no image rated by both in {pair[n.index(0)]}")
            found.append(GroupContrast(*pair, *n, empty, empty, NO_TEST, empty, empty, empty))
            continue
        row = biases[pair]
        outcome = _outcome(row, level, sum(n), f"{pair[0]} minus {pair[1]}, rater minus people")
        told = [_outcome(effects[side][pair], level, sum(n), f"{pair[0]} minus {pair[1]}, {side}") for side in TYPES]
        test = _tested(row, sum(n))
        found.append(GroupContrast(*pair, *n, outcome, test, NO_TEST, bootstrap.of(*pair), told[1], told[0]))
    return tuple(found)


def _effects(
    fit: MixedModelFit, side: str, level: float, shown: Sequence[str]
) -> dict[tuple[str, str], Mapping[Hashable, object]]:
    """The differences between groups on one side, by the pair of groups."""
    table = fit.contrasts("group", by="rater_type", level=level)
    rows = table[table["rater_type"] == side].to_dict("records")
    backwards = list(reversed(shown))
    pairs = [(later, earlier) for i, earlier in enumerate(backwards) for later in backwards[i + 1 :]]
    return dict(zip(pairs, rows, strict=True))


def _outcome(row: Mapping[Hashable, object], level: float, n: int, name: str) -> Outcome:
    if row["note"]:
        return Skipped(str(row["note"]))
    value, low, high = (float(str(row[column])) for column in ("estimate", "ci_low", "ci_high"))
    return Estimate(value, low, high, level, n, f"{name}; {CONTRAST}")


def _tested(row: Mapping[Hashable, object], n: int) -> TestOutcome:
    if row["note"]:
        return Skipped(str(row["note"]))
    t, p, df = (float(str(row[column])) for column in ("statistic", "p_value", "df"))
    return TestResult(t, p, df, f"t, {CONTRAST}", n)


def _interactions(fit: MixedModelFit, factor: str, n: int) -> tuple[InteractionTest, ...]:
    found = []
    for row in fit.anova().to_dict("records"):
        parts = str(row["term"]).split(":")
        if "group" not in parts or len(parts) == 1:
            continue
        term = ":".join(factor if part == "group" else part for part in parts)
        numerator = int(row["num_df"])
        test: TestOutcome = Skipped(str(row.get("note") or "the data determine nothing of it"))
        if numerator:
            f, p, df = (float(row[column]) for column in ("statistic", "p_value", "den_df"))
            test = TestResult(f, p, df, "type III F, Satterthwaite", n)
        found.append(InteractionTest(term, numerator, test, NO_TEST))
    return tuple(found)


def _fitted(found: Sequence[RaterGroupModel]) -> list[tuple[RaterGroupModel, GroupModel]]:
    return [(entry, entry.model) for entry in found if not isinstance(entry.model, Skipped)]


def _corrected(entry: RaterGroupModel, holm: Mapping[str, Adjusted]) -> RaterGroupModel:
    if isinstance(entry.model, Skipped):
        return entry
    contrasts = (replace(c, holm=holm.get(_contrast(entry, c), c.holm)) for c in entry.model.contrasts)
    interactions = (replace(i, holm=holm.get(_interaction(entry, i), i.holm)) for i in entry.model.interactions)
    return replace(entry, model=replace(entry.model, contrasts=tuple(contrasts), interactions=tuple(interactions)))


def _contrast(entry: RaterGroupModel, contrast: GroupContrast) -> str:
    return f"{entry.rater}, {entry.factor}: {contrast.group} against {contrast.reference}"


def _interaction(entry: RaterGroupModel, interaction: InteractionTest) -> str:
    return f"{entry.rater}, {interaction.term}"
