"""Fixtures and data that the tests of mixed models share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from stats.tolerances import MixedTolerances

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats.mixed import MixedModelFit

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "mixed"
SHARED = ROOT.parent / "shared" / "golden" / "lmm"
EMOTIONS = ["neutral", "happy", "sad", "angry", "fear", "disgust"]


@pytest.fixture(scope="session")
def mixed() -> MixedTolerances:
    """How closely numbers of mixed models must agree."""
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
