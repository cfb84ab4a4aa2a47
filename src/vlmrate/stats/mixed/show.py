"""A fit as text: the blocks and columns that users of lme4 and lmerTest know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats.mixed.formula import RESIDUAL
from vlmrate.stats.mixed.identified import fits_every_row, has_a_ridge
from vlmrate.stats.mixed.numbers import aligned, fixed, named, p_values, padded, significant

if TYPE_CHECKING:
    from vlmrate.stats.mixed.design import Design
    from vlmrate.stats.mixed.model import MixedModelFit

DIGITS = 4
"""Significant digits, as R's summary shows them."""


def summary(fit: MixedModelFit) -> str:
    """The fit in the layout of lmerTest's summary, with the messages below."""
    blocks = [_head(fit), _criterion(fit), _residuals(fit), _random(fit), _coefficients(fit)]
    blocks += [f"Note: {message}" for message in fit.messages]
    return "\n\n".join(blocks)


def messages(fit: MixedModelFit) -> list[str]:
    """What a reader must know of a fit before using its numbers, a sentence each."""
    found = []
    if fit.dropped:
        found.append(
            f"The fixed part is rank deficient: {', '.join(fit.dropped)} cannot be told apart from the columns before "
            "(a combination of levels without rows, or a repeated column) and is left out."
        )
        found += _untested(fit.design)
    if fit.without_variance:
        found.append(f"The fit is singular: the variance of {', '.join(fit.without_variance)} is estimated as zero.")
    if fits_every_row(fit.design, fit.groups):
        found.append(
            "Fixed part and random intercepts together fit every row: the residual variance, and all that is tested "
            "with it, rests on the model's assumptions alone. Do not rely on these numbers."
        )
    if has_a_ridge(fit.optimum):
        found.append(
            "The data do not tell the random intercepts apart: other variances, and estimates with them, have the "
            "same likelihood. Leave a random intercept out."
        )
    if not fit.optimum.converged:
        found.append("The search for the variances did not converge: do not rely on these numbers.")
    return found


def _untested(design: Design) -> list[str]:
    """What a reader must know of the F tests where columns were left out."""
    left = np.bincount(design.term_of_column, minlength=len(design.coding.terms) + 1)[1:]
    gone = np.bincount(design.term_of_dropped, minlength=len(left) + 1)[1:]
    named_terms = [":".join(term) for term in design.coding.terms]
    none = [name for name, some in zip(named_terms, left, strict=True) if not some]
    fewer = [name for name, some, out in zip(named_terms, left, gone, strict=True) if some and out]
    said = []
    if none:
        said.append(f"There is no F test of {', '.join(none)}: all its columns are left out.")
    if fewer:
        said.append(
            f"The F test of {', '.join(fewer)} has fewer df: what it and the terms within it test depends on the cells "
            "that have rows."
        )
    return said


def _head(fit: MixedModelFit) -> str:
    by = "REML" if fit.reml else "maximum likelihood"
    return f"Linear mixed model fit by {by}. t-tests use Satterthwaite's method\nFormula: {fit.formula.text}"


def _criterion(fit: MixedModelFit) -> str:
    if fit.reml:
        return f"REML criterion at convergence: {-2 * fit.log_likelihood:.1f}"
    found = [fit.aic, fit.bic, fit.log_likelihood, -2 * fit.log_likelihood, fit.n - fit.parameter_count]
    texts = [*(f"{number:.1f}" for number in found[:-1]), str(found[-1])]
    return "\n".join(named(["AIC", "BIC", "logLik", "deviance", "df.resid"], texts))


def _residuals(fit: MixedModelFit) -> str:
    scaled = fit.residuals.to_numpy() / np.sqrt(fit.residual_variance)
    quantiles = np.quantile(scaled, [0, 0.25, 0.5, 0.75, 1])
    places = round(DIGITS + 1 - float(np.log10(np.abs(quantiles).max())))
    texts = fixed(np.round(quantiles, places), DIGITS)
    return "\n".join(["Scaled residuals:", *named(["Min", "1Q", "Median", "3Q", "Max"], texts)])


def _random(fit: MixedModelFit) -> str:
    table = fit.variance_components
    names = ["(Intercept)" if name != RESIDUAL else "" for name in table["group"]]
    columns = [
        ["Groups", *table["group"]],
        ["Name", *names],
        ["Variance", *padded(significant(table["variance"].to_numpy(), DIGITS))],
        ["Std.Dev.", *padded(significant(table["std_dev"].to_numpy(), DIGITS))],
        ["Share", *padded([f"{share:.1%}" for share in table["share"]])],
    ]
    widths = [max(map(len, column)) for column in columns]
    rows = [
        " " + " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    sizes = "; ".join(f"{group.name}, {group.size}" for group in sorted(fit.groups, key=lambda one: -one.size))
    return "\n".join(["Random effects:", *rows, f"Number of obs: {fit.n}, groups:  {sizes}"])


def _coefficients(fit: MixedModelFit) -> str:
    table = fit.coefficients
    numbers = table[["estimate", "std_error", "df"]].to_numpy()
    smallest = np.abs(numbers[numbers != 0]).min()
    places = max(1, DIGITS - 1 - int(np.floor(np.log10(smallest))))
    shared = fixed(np.round(numbers, places).ravel(), DIGITS)  # R gives these three columns the same decimals
    columns = [
        ["", *table["term"]],
        ["Estimate", *shared[0::3]],
        ["Std. Error", *shared[1::3]],
        ["df", *shared[2::3]],
        ["t value", *fixed(np.round(table["statistic"].to_numpy(), DIGITS - 1), DIGITS)],
        ["Pr(>|t|)", *p_values(table["p_value"].to_numpy(), DIGITS - 1)],
    ]
    return "\n".join(["Fixed effects:", *aligned([list(row) for row in zip(*columns, strict=True)])])
