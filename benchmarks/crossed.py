"""How often 95 % intervals of variance components and their ICCs hold the truth, with 8, 20 and 50 raters: a table.

`python benchmarks/crossed.py` draws units and raters anew for every study; complete tables and planned missing cells.
It takes some three minutes on one core; the same seeds give the same table. An interval that a study does not have
(Skipped) is not counted; where studies lack it, the number that have it stands in brackets.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from vlmrate import stats
from vlmrate.analysis.rating_variance import ratio
from vlmrate.stats import Estimate, Icc, Outcome, VarianceComponents


@dataclass(frozen=True, slots=True)
class Design:
    """Units, raters, ratings a unit, SDs of unit, rater and residual, and whether the effects are skewed."""

    units: int
    raters: int
    each: int
    sd: tuple[float, float, float] = (1.0, 0.7, 1.2)
    skewed: bool = False


DESIGNS = (
    Design(30, 8, 8),
    Design(30, 8, 4),
    Design(60, 8, 3),
    Design(60, 20, 20),
    Design(60, 20, 6),
    Design(60, 50, 50),
    Design(60, 50, 8),
    Design(30, 8, 8, (1.0, 0.25, 1.2)),
    Design(60, 8, 3, (1.0, 0.25, 1.2)),
    Design(30, 8, 8, (1.0, 0.0, 1.2)),
    Design(30, 8, 8, skewed=True),
    Design(60, 20, 6, skewed=True),
)


def main() -> None:
    """Command line: simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=800)
    studies = parser.parse_args().studies
    for number, design in enumerate(DESIGNS):
        held = covered(design, studies)
        if number == 0:
            print(f"| design | {' | '.join(held)} |\n|---|{'--:|' * len(held)}")
        told = f"{design.units} by {design.raters}, {design.each} each, SD {design.sd}"
        cells = [f"{np.mean(hits):.3f}" + (f" ({len(hits)})" if len(hits) < studies else "") for hits in held.values()]
        print(f"| {told}{', skewed' if design.skewed else ''} | {' | '.join(cells)} |", flush=True)


def covered(design: Design, studies: int) -> dict[str, list[bool]]:
    """Return, interval by interval, whether it holds the truth, in the studies that have it."""
    held: dict[str, list[bool]] = {}
    for seed in range(studies):
        rows = simulate(design, seed)
        parts, correlations = stats.variance_components(*rows), stats.icc_from_components(*rows)
        if not isinstance(parts, VarianceComponents) or not isinstance(correlations, Icc):
            raise SystemExit(f"{design}, seed {seed}: {parts}")
        for name, (outcome, truth) in truths(design, parts, correlations).items():
            hits = held.setdefault(name, [])
            if isinstance(outcome, Estimate):
                hits.append(outcome.ci_low <= truth <= outcome.ci_high)
    return held


def simulate(design: Design, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw units, raters and ratings; a skewed effect is a gamma of shape 4 (skewness 1)."""
    rng = np.random.default_rng(seed)

    def effects(n: int, sd: float) -> np.ndarray:
        return sd * ((rng.gamma(4.0, size=n) - 4) / 2 if design.skewed else rng.normal(size=n))

    unit = np.repeat(np.arange(design.units), design.each)
    rater = np.concatenate([rng.choice(design.raters, design.each, replace=False) for _ in range(design.units)])
    value = effects(design.units, design.sd[0])[unit] + effects(design.raters, design.sd[1])[rater]
    return unit, rater, value + effects(len(unit), design.sd[2])


def truths(design: Design, parts: VarianceComponents, correlations: Icc) -> dict[str, tuple[Outcome, float]]:
    """Return each outcome beside what was planted."""
    unit, rater, residual = (sd**2 for sd in design.sd)
    total, k = unit + rater + residual, correlations.k
    return {
        "unit": (parts.unit, unit),
        "rater": (parts.rater, rater),
        "residual": (parts.residual, residual),
        "unit share": (parts.unit_share, unit / total),
        "rater share": (parts.rater_share, rater / total),
        "residual share": (parts.residual_share, residual / total),
        "rater / unit": (ratio(parts.rater, parts.unit), rater / unit),
        "ICC(A,1)": (correlations.agreement, unit / total),
        "ICC(A,k)": (correlations.agreement_k, unit / (unit + (rater + residual) / k)),
        "ICC(C,1)": (correlations.consistency, unit / (unit + residual)),
        "ICC(C,k)": (correlations.consistency_k, unit / (unit + residual / k)),
    }


if __name__ == "__main__":
    main()
