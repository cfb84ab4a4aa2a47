"""A fit as text: the blocks and columns that users of lme4 and lmerTest know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats.mixed.formula import RESIDUAL
from vlmrate.stats.mixed.numbers import aligned, fixed, p_values, significant

if TYPE_CHECKING:
    from vlmrate.stats.mixed.model import MixedModelFit

DIGITS = 4
"""Significant digits, as R's summary shows them."""


def summary(fit: MixedModelFit) -> str:
    """The fit in the layout of lmerTest's summary, with the messages below."""
    blocks = [_head(fit), _criterion(fit), _residuals(fit), _random(fit), _coefficients(fit)]
    blocks += [f"Note: {message}" for message in fit.messages]
    return "\n\n".join(blocks)


def _head(fit: MixedModelFit) -> str:
    by = "REML" if fit.reml else "maximum likelihood"
    return f"Linear mixed model fit by {by}. t-tests use Satterthwaite's method\nFormula: {fit.formula.text}"


def _criterion(fit: MixedModelFit) -> str:
    if fit.reml:
        return f"REML criterion at convergence: {-2 * fit.log_likelihood:.1f}"
    found = [fit.aic, fit.bic, fit.log_likelihood, -2 * fit.log_likelihood, fit.n - fit.parameter_count]
    texts = [*(f"{number:.1f}" for number in found[:-1]), str(found[-1])]
    return "\n".join(aligned([["AIC", "BIC", "logLik", "deviance", "df.resid"], texts]))


def _residuals(fit: MixedModelFit) -> str:
    scaled = fit.residuals.to_numpy() / np.sqrt(fit.residual_variance)
    texts = fixed(np.quantile(scaled, [0, 0.25, 0.5, 0.75, 1]), DIGITS)
    return "\n".join(["Scaled residuals:", *aligned([["Min", "1Q", "Median", "3Q", "Max"], texts])])


def _random(fit: MixedModelFit) -> str:
    table = fit.variance_components
    names = ["(Intercept)" if name != RESIDUAL else "" for name in table["group"]]
    columns = [
        ["Groups", *table["group"]],
        ["Name", *names],
        ["Variance", *significant(table["variance"].to_numpy(), DIGITS)],
        ["Std.Dev.", *significant(table["std_dev"].to_numpy(), DIGITS)],
        ["Share", *(f"{share:.1%}" for share in table["share"])],
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
    numbers = np.column_stack([table["estimate"], table["std_error"]])
    smallest = np.abs(numbers[numbers != 0]).min()
    places = max(1, DIGITS - 1 - int(np.floor(np.log10(smallest))))
    both = fixed(np.round(numbers, places).ravel(), DIGITS)
    columns = [
        ["", *table["term"]],
        ["Estimate", *both[0::2]],
        ["Std. Error", *both[1::2]],
        ["df", *fixed(table["df"].to_numpy(), DIGITS)],
        ["t value", *fixed(np.round(table["statistic"].to_numpy(), DIGITS - 1), DIGITS)],
        ["Pr(>|t|)", *p_values(table["p_value"].to_numpy(), DIGITS - 1)],
    ]
    return "\n".join(["Fixed effects:", *aligned([list(row) for row in zip(*columns, strict=True)])])
