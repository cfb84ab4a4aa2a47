"""What answers say of a group that was taken out: each level's bias, and the cost over all levels.

Arms stand as vlmrate.probe.removal makes them: the unchanged model, then every way and its random counterparts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe import beside as measures
from vlmrate.probe.beside import Beside, beside, intended, kappa_beside, label_item, mean_beside, scale_items
from vlmrate.probe.debias import Cost, LevelBias
from vlmrate.probe.levels import Levels
from vlmrate.probe.removal import DRAWS, STRIDE
from vlmrate.stats import Family, Skipped, TestResult, holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.probe.arms import Answers
    from vlmrate.probe.shown import Shown
    from vlmrate.stats import Bootstrap, TestOutcome

RANDOM = range(2, 2 + DRAWS)
"""Places of the random counterparts among the arms of one way."""


class Telling:
    """Answers of all arms about pictures of a study, one group of people told apart in them.

    `dealt` (pictures, times) are levels dealt anew, as numbers.
    """

    def __init__(self, answers: Answers, shown: Shown, group: str, dealt: np.ndarray, bootstrap: Bootstrap) -> None:
        emotions = np.full(len(shown.ids), "") if shown.emotion is None else shown.labels(shown.emotion)
        self.levels = Levels.of(shown.labels(group), emotions)
        self._answers, self._shown, self._dealt, self._bootstrap = answers, shown, dealt, bootstrap
        self._identities = shown.labels(shown.identity or "").astype(str)

    def bias(self, ways: int) -> tuple[tuple[LevelBias, ...], ...]:
        """Every level's bias on every item, a row a way."""
        values = dict(self._values())
        found = [
            [entry for item, of_arms in values.items() for entry in self._item(item, of_arms, way)]
            for way in range(ways)
        ]
        corrected = _corrected(
            "bias between levels", {f"{i}/{j}": told.p for i, row in enumerate(found) for j, told in enumerate(row)}
        )
        return tuple(
            tuple(replace(told, p_holm=corrected.get(f"{i}/{j}")) for j, told in enumerate(row))
            for i, row in enumerate(found)
        )

    def costs(self, ways: int) -> tuple[tuple[Cost, ...], ...]:
        """Kappa, errors and invalid answers over all levels, a row a way."""
        found = [
            tuple(_cost(measure, item, made) for measure, item, made in self._measures(way)) for way in range(ways)
        ]
        corrected = _corrected(
            "cost", {f"{i}/{j}": told.p for i, row in enumerate(found) for j, told in enumerate(row)}
        )
        return tuple(
            tuple(replace(told, p_holm=corrected.get(f"{i}/{j}")) for j, told in enumerate(row))
            for i, row in enumerate(found)
        )

    def _values(self) -> Iterator[tuple[str, np.ndarray]]:
        """The number whose contrast between levels is told, by item (arms, pictures)."""
        labels = label_item(self._answers)
        truth = Skipped("") if labels is None else intended(labels, self._shown)
        if labels is not None and not isinstance(truth, Skipped):
            yield labels.item.name, measures.right(labels, truth)
        for one in scale_items(self._answers):
            if one.item.name in self._shown.people:
                yield one.item.name, one.expected - self._shown.people[one.item.name]

    def _item(self, item: str, values: np.ndarray, way: int) -> Iterator[LevelBias]:
        arms = _arms(way)
        whole = beside(
            f"bias in {item}",
            [self.levels.sums(values[arm]) for arm in arms],
            lambda totals: self.levels.contrasts(totals)[:, 0],
            self._identities,
            self._bootstrap,
        )
        p = self.levels.p(values[arms[1]] - values[0], self._dealt)
        # Of two levels the other's contrast is the same with the opposite sign.
        told = self.levels.levels if len(self.levels.levels) > 2 else self.levels.levels[:1]
        for number, level in enumerate(told):
            yield self._level(whole, item, level, number, float(p[number]))

    def _level(self, whole: Beside, item: str, level: str, number: int, p: float) -> LevelBias:
        made = replace(whole, statistic=lambda totals: self.levels.contrasts(totals)[:, number])
        return LevelBias(
            item=item,
            level=level,
            before=made.of(0),
            after=made.of(1),
            change=made.change(1),
            random=made.mean_change(RANDOM),
            p=p if np.isfinite(p) else None,
            p_holm=None,
        )

    def _measures(self, way: int) -> Iterator[tuple[str, str, Beside]]:
        arms = _arms(way)
        labels = label_item(self._answers)
        if labels is not None and not isinstance(truth := intended(labels, self._shown), Skipped):
            some = replace(labels, given=labels.given[arms])
            yield "kappa", labels.item.name, kappa_beside(some, truth, self._identities, self._bootstrap)
        for one in scale_items(self._answers):
            if one.item.name in self._shown.people:
                errors = np.abs(one.expected[arms] - self._shown.people[one.item.name])
                yield "MAE", one.item.name, mean_beside("MAE", errors, self._identities, self._bootstrap)
        share = measures.invalid(self._answers)[arms]
        yield "invalid", "all items", mean_beside("invalid answers", share, self._identities, self._bootstrap)


def _arms(way: int) -> list[int]:
    """The unchanged model, a way and its random counterparts."""
    return [0, *range(1 + way * STRIDE, 1 + (way + 1) * STRIDE)]


def _cost(measure: str, item: str, made: Beside) -> Cost:
    beyond, test = made.beyond(1, RANDOM)
    return Cost(
        measure=measure,
        item=item,
        before=made.of(0),
        after=made.of(1),
        change=made.change(1),
        random=made.mean_change(RANDOM),
        beyond=beyond,
        p=_p_value(test),
        p_holm=None,
    )


def _p_value(test: TestOutcome) -> float | None:
    """The p of a test; None where there is none."""
    return test.p_value if isinstance(test, TestResult) else None


def _corrected(name: str, p: Mapping[str, float | None]) -> dict[str, float]:
    """Holm's p by test; tests that were not made do not count."""
    family = Family.of(name, {test: one for test, one in p.items() if one is not None})
    return {one.test: one.p_adjusted for one in holm(family)}
