"""Do 95 % intervals hold the truth 95 times in 100? Many simulated studies, held against what was planted in them.

A truth is known in closed form from the parameters, or read off very large studies made with them. The people are a
crowd that every study draws anew, while the intervals draw images alone: where the severity of people varies much,
they are too narrow for what depends on the crowd's mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from vlmrate.simulate.studies import SimulatedStudy, StudyParameters, simulate_study
from vlmrate.stats import Bootstrap, Estimate, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Statistic: TypeAlias = "Callable[[SimulatedStudy, Bootstrap], Outcome]"

LARGE_SEED = 987_654_321
"""Seed of the first large study, none of those of the small ones."""


@dataclass(frozen=True, slots=True)
class Target:
    """One statistic whose interval is examined."""

    name: str
    group: str
    """What it belongs to, for a table or figure."""
    statistic: Statistic
    planted: float | None = None
    """Its true value where the parameters say it; None: read off the large studies."""
    of_this_size: bool = False
    """Whether the truth is the expected value at this size, the mean over all studies: what is fitted on the data (a
    calibration) is truly worse in a small study."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often a statistic's interval held the truth."""

    target: Target
    truth: float
    large: float
    """Its mean on the large studies, which must lie near a planted truth."""
    studies: int
    """Studies in which there was an interval."""
    below: int
    """Intervals that ended below the truth."""
    above: int
    """Intervals that began above it."""
    bias: float
    """Mean of the estimates minus the truth."""
    width: float
    """Mean width of the intervals."""

    @property
    def share(self) -> float:
        """Share of the intervals that held the truth."""
        return 1 - (self.below + self.above) / self.studies

    @property
    def monte_carlo_error(self) -> float:
        """Standard error that a share of .95 has over so many studies."""
        return math.sqrt(0.95 * 0.05 / self.studies)


def enlarge(parameters: StudyParameters, factor: int) -> StudyParameters:
    """Make a study with so many times the identities and people, and as many ratings an image as before."""
    design = replace(parameters.design, identities_a_cell=parameters.design.identities_a_cell * factor)
    people = replace(parameters.people, raters=parameters.people.raters * factor)
    return replace(parameters, seed=LARGE_SEED, design=design, people=people)


def coverage(
    parameters: StudyParameters,
    targets: Sequence[Target],
    *,
    studies: int = 400,
    resamples: int = 500,
    enlarged: int = 100,
    large_studies: int = 4,
    first_seed: int = 1,
) -> tuple[Coverage, ...]:
    """Simulate `studies` studies that differ in their seed alone, and count the intervals that hold the truth.

    `enlarged` times as many identities and people make a large study. Raises `ValueError` where a statistic is
    Skipped on a large study, or in every small one.
    """
    large = _large_values(enlarge(parameters, enlarged), targets, large_studies)
    found: list[list[Estimate]] = [[] for _ in targets]
    for seed in range(first_seed, first_seed + studies):
        study = simulate_study(replace(parameters, seed=seed))
        bootstrap = Bootstrap(resamples=resamples, seed=seed)
        for target, estimates in zip(targets, found, strict=True):
            outcome = target.statistic(study, bootstrap)
            if isinstance(outcome, Estimate):
                estimates.append(outcome)
    return tuple(
        _coverage(target, value, estimates) for target, value, estimates in zip(targets, large, found, strict=True)
    )


def _large_values(parameters: StudyParameters, targets: Sequence[Target], studies: int) -> list[float]:
    """Return each statistic's mean over large studies that differ in their seed."""
    totals = [0.0] * len(targets)
    for number in range(studies):
        study = simulate_study(replace(parameters, seed=parameters.seed + number))
        for place, target in enumerate(targets):
            totals[place] += _estimate(target, study, Bootstrap(resamples=2)).value
    return [total / studies for total in totals]


def _estimate(target: Target, study: SimulatedStudy, bootstrap: Bootstrap) -> Estimate:
    outcome = target.statistic(study, bootstrap)
    if not isinstance(outcome, Estimate):
        raise ValueError(f"{target.name} has no value on a large study: {outcome.reason}")  # noqa: TRY004
    return outcome


def _coverage(target: Target, large: float, estimates: Sequence[Estimate]) -> Coverage:
    if not estimates:
        raise ValueError(f"{target.name} was skipped in every study")
    n = len(estimates)
    mean = sum(estimate.value for estimate in estimates) / n
    truth = large if target.planted is None else target.planted
    truth = mean if target.of_this_size else truth
    return Coverage(
        target=target,
        truth=truth,
        large=large,
        studies=n,
        below=sum(estimate.ci_high < truth for estimate in estimates),
        above=sum(estimate.ci_low > truth for estimate in estimates),
        bias=mean - truth,
        width=sum(estimate.ci_high - estimate.ci_low for estimate in estimates) / n,
    )
