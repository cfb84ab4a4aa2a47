"""Tolerances and data that the tests of mixed models share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats.mixed import MixedModelFit

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "mixed"
SHARED = ROOT.parent / "shared" / "golden" / "lmm"
EMOTIONS = ["neutral", "happy", "sad", "angry", "fear", "disgust"]


@dataclass(frozen=True, slots=True)
class MixedTolerances:
    """How closely our numbers must agree with R's, relative, and why not more closely."""

    estimate: float = 1e-6
    """Estimates, standard errors and statistics of a converged fit."""
    df: float = 1e-5
    """Degrees of freedom of a converged fit."""
    p_value: float = 1e-4
    """P-values above `smallest_p`: they magnify the differences in t and df."""
    smallest_p: float = 1e-12
    variance: float = 1e-5
    """Variance components: R's search stops on a flat criterion."""
    zero: float = 1e-9
    """A variance of zero, relative to the residual's: R's search stops just above it."""
    log_likelihood: float = 1e-10
    at_theta: float = 1e-8
    """Estimates, standard errors and variances at given variance parameters: no search is involved."""
    df_at_theta: float = 1e-7
    """Degrees of freedom there: lmerTest takes its second derivatives by finite differences."""
    rounded_weights: float = 1e-5
    """F tests of terms within interactions: lmerTest rounds their weights to seven digits."""
    effect: float = 1e-5
    """Predicted effects, which move with the variances."""
    derivative: float = 1e-6
    """Analytic derivatives against finite differences."""
    invariant: float = 1e-8
    """The same model written otherwise."""


@pytest.fixture(scope="session")
def mixed() -> MixedTolerances:
    """All tolerances of mixed models, in one place."""
    return MixedTolerances()


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, Any]]:
    """R's answers by name: the files of tests/golden/mixed."""
    return lambda name: json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def sleepstudy() -> pd.DataFrame:
    """Reaction times of 18 people over ten days of sleep deprivation (Belenky et al. 2003), from lme4."""
    return pd.read_csv(GOLDEN / "sleepstudy.csv", dtype={"Subject": str})


@pytest.fixture(scope="session")
def crossed() -> pd.DataFrame:
    """Raters crossed with images that are nested within identities; a fifth of the cells is missing."""
    data = pd.read_csv(GOLDEN / "crossed.csv")
    data["emotion"] = pd.Categorical(data["emotion"], categories=["neutral", "happy", "sad"])
    return data


@pytest.fixture(scope="session")
def shared() -> Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]:
    """A simulated study of the project's reference material by name, with R's answers; skips where it is missing."""

    def load(name: str, data: str | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
        table, answers = SHARED / f"{data or name}.parquet", SHARED / f"{name}.json"
        if not (table.exists() and answers.exists()):
            pytest.skip(f"the reference material is not there: {SHARED}")
        rows = pd.read_parquet(table)
        rows["emotion"] = pd.Categorical(rows["emotion"], categories=EMOTIONS)
        return rows, json.loads(answers.read_text(encoding="utf-8"))

    return load


@pytest.fixture(scope="session")
def same_coefficients(mixed: MixedTolerances) -> Callable[..., None]:
    """Compare a table of coefficients with R's columns estimate, standard error, df, t and p."""

    def compare(table: pd.DataFrame, names: Any, columns: Any, *, tight: bool = False) -> None:
        assert list(table["term"]) == list(np.atleast_1d(names))
        close, close_df = (mixed.at_theta, mixed.df_at_theta) if tight else (mixed.estimate, mixed.df)
        estimate, std_error, df, statistic, p_value = (np.atleast_1d(np.asarray(column)) for column in columns)
        np.testing.assert_allclose(table["estimate"], estimate, rtol=close)
        np.testing.assert_allclose(table["std_error"], std_error, rtol=close)
        np.testing.assert_allclose(table["df"], df, rtol=close_df)
        np.testing.assert_allclose(table["statistic"], statistic, rtol=close)
        large = p_value > mixed.smallest_p
        np.testing.assert_allclose(table["p_value"][large], p_value[large], rtol=mixed.p_value)

    return compare


@pytest.fixture(scope="session")
def same_variances(mixed: MixedTolerances) -> Callable[..., None]:
    """Compare the variance components with R's by name; both must name the same groups."""

    def compare(fit: MixedModelFit, variances: dict[str, float], *, tight: bool = False) -> None:
        ours = fit.variance_components.set_index("group")["variance"]
        assert set(ours.index) == set(variances)
        close = mixed.at_theta if tight else mixed.variance
        for name, variance in variances.items():
            np.testing.assert_allclose(ours[name], variance, rtol=close, atol=mixed.zero * variances["Residual"])

    return compare


@pytest.fixture(scope="session")
def same_f_tests(mixed: MixedTolerances) -> Callable[..., None]:
    """Compare a table of Type III tests with R's anova."""

    def compare(table: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
        found = table.set_index("term")
        assert list(found.index) == [row["term"] for row in rows]
        for row in rows:
            ours = found.loc[row["term"]]
            assert ours["num_df"] == row["NumDF"]
            np.testing.assert_allclose(ours["statistic"], row["F value"], rtol=mixed.rounded_weights)
            np.testing.assert_allclose(ours["den_df"], row["DenDF"], rtol=mixed.df)
            if row["Pr(>F)"] > mixed.smallest_p:
                np.testing.assert_allclose(ours["p_value"], row["Pr(>F)"], rtol=mixed.p_value)

    return compare
