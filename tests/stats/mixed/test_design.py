"""Columns of the fixed part: coding, names, and redundant columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.basis import orthonormal_basis
from vlmrate.stats.mixed.design import fit_coding
from vlmrate.stats.mixed.formula import parse_formula

DATA = pd.DataFrame(
    {
        "a": pd.Categorical(["u", "v", "u", "v", "u", "v"], categories=["v", "u", "unused"]),
        "b": ["z", "x", "y", "x", "y", "z"],
        "flag": [True, False, True, True, False, False],
        "x": [1.0, 2, 3, 4, 5, 6],
    }
)


def _names(fixed: str) -> list[str]:
    coding, values = fit_coding(parse_formula(f"y ~ {fixed} + (1 | g)"), DATA)
    return coding.encode(values, len(DATA))[1]


def test_levels_are_a_categorical_s_own_else_alphabetical() -> None:
    """The first level is the reference; unused levels do not count; booleans are factors."""
    assert _names("a + b + flag + x") == ["(Intercept)", "au", "by", "bz", "flagTrue", "x"]


def test_an_interaction_has_r_s_names_in_r_s_order() -> None:
    """The first factor varies fastest; a covariate stands for itself."""
    assert _names("a * b")[4:] == ["au:by", "au:bz"]
    assert _names("b * a")[4:] == ["by:au", "bz:au"]
    assert _names("a * x")[3:] == ["au:x"]


@pytest.mark.parametrize(
    ("fixed", "names"),
    [
        ("0 + a", ["av", "au"]),
        ("0 + a + b", ["av", "au", "by", "bz"]),
        ("a + a:b", ["(Intercept)", "au", "av:by", "au:by", "av:bz", "au:bz"]),
        ("a:x", ["(Intercept)", "av:x", "au:x"]),
        ("x + a:x", ["(Intercept)", "x", "x:au"]),
    ],
)
def test_a_factor_without_its_margin_is_coded_by_all_levels(fixed: str, names: list[str]) -> None:
    """R's rule of full rank."""
    assert _names(fixed) == names


def test_the_coding_of_rows_is_that_of_new_rows() -> None:
    """Rows given later yield the same columns; a level never seen is refused by name."""
    coding, values = fit_coding(parse_formula("y ~ a * b + x + (1 | g)"), DATA)
    design, _, _ = coding.encode(values, len(DATA))
    np.testing.assert_array_equal(coding.encode(coding.values(DATA), len(DATA))[0], design)
    with pytest.raises(AnalysisError, match="b has no level 'w'"):
        coding.values(DATA.assign(b="w"))


def test_a_factor_with_one_level_is_refused() -> None:
    """There would be nothing to compare."""
    with pytest.raises(AnalysisError, match="b has one level only"):
        fit_coding(parse_formula("y ~ b + (1 | g)"), DATA.assign(b="x"))


def test_columns_that_repeat_earlier_ones_are_dropped_from_left_to_right() -> None:
    """A sum, a zero column and a repeated one go; the basis reproduces what is kept, and says what the others are."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3)) * [1.0, 1e6, 1e-6]
    design = np.column_stack([x[:, 0], x[:, 1], x[:, 0] + 2 * x[:, 1], np.zeros(30), x[:, 2], x[:, 2]])
    basis = orthonormal_basis(design)
    assert basis.kept.tolist() == [0, 1, 4]
    np.testing.assert_allclose(basis.vectors @ basis.triangle, design[:, basis.kept], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(basis.vectors.T @ basis.vectors, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(design[:, basis.kept] @ basis.repeats, design[:, basis.dropped], rtol=1e-6, atol=1e-12)


def test_combinations_that_the_data_do_not_determine_are_known() -> None:
    """Of two equal columns the sum of coefficients is determined, a single one is not."""
    column = np.arange(5.0)
    basis = orthonormal_basis(np.column_stack([np.ones(5), column, column]))
    assert basis.estimable(np.array([[1, 2, 2], [0, 1, 0], [0, 0, 1], [1, 0, 0]])).tolist() == [
        True,
        False,
        False,
        True,
    ]
