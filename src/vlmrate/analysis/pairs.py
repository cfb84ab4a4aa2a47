"""Which of two raters is right more often: every pair on the images that both rated, corrected over all pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST
from vlmrate.stats import Adjusted, Estimate, McNemarPair, Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.analysis.data import LabelAnswers, Material
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RaterPair:
    """Two raters on the images both rated; `accuracy` is the first's minus the second's, an invalid answer an error."""

    n: int
    mcnemar: McNemarPair
    accuracy: Outcome
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class ItemPairs:
    """All pairs of raters on one item with intended labels; `family_size` tests are corrected together."""

    item: str
    family: str
    family_size: int
    raters: tuple[RaterPair, ...] | Skipped


def rater_pairs(material: Material) -> tuple[ItemPairs, ...] | Skipped:
    """Every pair of raters, for each item with intended labels."""
    items = [item for item in material.label_items if item.intended is not None]
    if not items:
        return Skipped("no item of the study has intended labels")
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemPairs:
    name = f"McNemar over every pair of raters in {item.name}"
    asked = material.asked(item)
    if len(asked) < 2:
        return ItemPairs(item.name, name, 0, Skipped("pairs need two raters"))
    labels = item.scale.options if isinstance(item.scale, Labels) else ()
    given = [material.labels(rater, item) for rater in asked]
    pairs = [_pair(material, first, second, labels) for first, second in combinations(given, 2)]
    family = stats.Family.of(name, {_test(pair.mcnemar): pair.mcnemar.test for pair in pairs})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    return ItemPairs(item.name, name, family.size, tuple(_corrected(pair, holm) for pair in pairs))


def _pair(material: Material, first: LabelAnswers, second: LabelAnswers, labels: tuple[str, ...]) -> RaterPair:
    shared = first.answer.index[first.answer.index.isin(second.answer.index)]
    truth, answers = first.intended[shared], {g.rater: g.answer[shared] for g in (first, second)}
    (tested,) = stats.mcnemar_pairs(truth, answers, labels).pairs
    right = [answers[g.rater] == truth for g in (first, second)]
    apart = right[0].astype(float) - right[1].astype(float)
    difference = stats.mean_sd(apart, clusters=first.clusters[shared], bootstrap=material.bootstrap).mean
    if isinstance(difference, Estimate):
        difference = replace(difference, method=f"difference in accuracy: {difference.method}")
    return RaterPair(len(shared), tested, difference, NO_TEST)


def _corrected(pair: RaterPair, holm: Mapping[str, Adjusted]) -> RaterPair:
    return replace(pair, holm=holm.get(_test(pair.mcnemar), pair.holm))


def _test(pair: McNemarPair) -> str:
    return f"{pair.first} against {pair.second}"
