"""What `print` shows of a result: numbers of three decimals, and long results in some lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vlmrate.stats.alt_test import AltTest, AltTestRater
    from vlmrate.stats.calibration import AffineLine, Calibration

LEAST_SHOWN = 0.001
"""Below this three decimals show nothing."""
MOST_PERSONS = 10
"""Persons that a printed alternative-annotator test lists."""


def shown(value: float) -> str:
    """Return a number with three decimals, or with three digits where those would show 0.

    >>> shown(0.7618), shown(0.00001234), shown(0.0)
    ('0.762', '1.23e-05', '0.000')
    """
    return f"{value:.3g}" if 0 < abs(value) < LEAST_SHOWN else f"{value:.3f}"


def shown_p(p: float) -> str:
    """Return a p-value with its sign of equality.

    >>> shown_p(0.04), shown_p(1e-9)
    ('p = 0.040', 'p < 0.001')
    """
    return f"p < {LEAST_SHOWN}" if p < LEAST_SHOWN else f"p = {p:.3f}"


def alt_test_text(told: AltTest) -> str:
    """Return the verdict of an alternative-annotator test, its advantage and a line a person."""
    lines = [
        f"{'passes' if told.passes else 'does not pass'}: the model beats {told.winning_rate:.0%} of "
        f"{len(told.raters):,} persons ({told.alignment}, epsilon {told.epsilon:g}, q {told.q:g})",
        f"average advantage: {told.advantage}",
        f"average lead: {told.lead}",
        *(f"{one}" for one in told.raters[:MOST_PERSONS]),
    ]
    if len(told.raters) > MOST_PERSONS:
        lines.append(f"and {len(told.raters) - MOST_PERSONS:,} more in `raters`")
    if told.too_few_units:
        lines.append(f"not tested, having too few units: {len(told.too_few_units):,}")
    return "\n".join(lines)


def alt_test_rater_text(one: AltTestRater) -> str:
    """Return one person of an alternative-annotator test in a line."""
    verdict = "beaten" if one.wins else "not beaten"
    shares = f"model's advantage {shown(one.model_advantage)}, person's {shown(one.human_advantage)}"
    return f"{one.rater}: {verdict}, {shares}, adjusted {shown_p(one.adjusted.p_adjusted)}, n = {one.n:,}"


def calibration_text(told: Calibration) -> str:
    """Return what a calibration gained, its lines over all images, and its notes."""
    compared = [
        f"{name} {when}: {outcome}"
        for when, side in (("before", told.before), ("after", told.after))
        for name, outcome in (("MAE", side.mae), ("r", side.r), ("r within groups", side.r_within))
    ]
    changes = [f"change of MAE: {told.mae_change}", f"change of r: {told.r_change}"]
    return "\n".join([*compared, *changes, *(f"{line}" for line in told.lines), *told.notes])


def line_text(line: AffineLine) -> str:
    """Return a fitted line as its equation."""
    sign = "-" if line.slope < 0 else "+"
    return f"{line.group}: {shown(line.intercept)} {sign} {shown(abs(line.slope))} x rating, n = {line.n:,}"
