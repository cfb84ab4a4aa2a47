"""Formulas: what is read, and what is refused with a reason."""

from __future__ import annotations

import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.formula import Grouping, parse_formula


def test_a_product_is_its_margins_and_the_interaction() -> None:
    """a * b is a + b + a:b, main effects first, whatever the order written."""
    formula = parse_formula("rating ~ (1 | image_id) + rater_type * emotion")
    assert formula.response == "rating"
    assert formula.intercept
    assert formula.terms == (("rater_type",), ("emotion",), ("rater_type", "emotion"))
    assert formula.groupings == (Grouping("image_id", ("image_id",)),)


def test_an_interaction_names_its_factors_in_the_order_of_first_mention() -> None:
    """As in R: after b + a, the interaction is b:a."""
    assert parse_formula("y ~ b + a + a:b + (1 | g)").terms[-1] == ("b", "a")


def test_nested_groups_are_those_of_lme4() -> None:
    """(1 | identity/image_id) is image_id:identity and identity; a:b is their combination."""
    names = [group.name for group in parse_formula("y ~ 1 + (1 | identity/image_id) + (1 | a:b)").groupings]
    assert names == ["image_id:identity", "identity", "a:b"]


@pytest.mark.parametrize("fixed", ["0 + x", "x - 1", "-1 + x"])
def test_the_intercept_can_be_taken_out(fixed: str) -> None:
    """All of R's ways to say so."""
    formula = parse_formula(f"y ~ {fixed} + (1 | g)")
    assert not formula.intercept
    assert formula.terms == (("x",),)


def test_a_model_of_the_mean_alone() -> None:
    """With random intercepts only, the fixed part is the intercept."""
    formula = parse_formula("y ~ (1 | rater) + (1 | image_id)")
    assert (formula.intercept, formula.terms) == (True, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rating", "needs a response"),
        ("~ x + (1 | g)", "needs a response"),
        ("y ~ x", "no random intercept"),
        ("y ~ x + (x | g)", "only random intercepts"),
        ("y ~ x + (1 + x | g)", "only random intercepts"),
        ("y ~ x + (1 | g) + (1 | g)", "twice"),
        ("y ~ x | g", "outside of brackets"),
        ("y ~ x + (1 | log(g))", "outside of brackets"),
        ("y ~ x + (1 | 2)", "groups by '2'"),
        ("y ~ log(x) + (1 | g)", "computes log"),
        ("y ~ x + (z + (1 | g)", "cannot be read"),
        ("y ~ x z + (1 | g)", "cannot be read"),
        ("y ~ y + (1 | g)", "explains y by itself"),
        ("y ~ x ~ z + (1 | g)", "more than one ~"),
        ("y ~ . + (1 | g)", "name the columns instead"),
        ("log(y) ~ x + (1 | g)", r"log\(y\) as its response"),
        ("y + z ~ x + (1 | g)", "no name of a column"),
        ("y ~ I(x^2) + (1 | g)", "make that a column of its own first"),
        ("y ~ x * + z + (1 | g)", "fixed terms are columns joined by"),
        ("y ~ x + (0 + x | g)", "no random slopes"),
        ("y ~ x + (1 | g:g)", "name each column once"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_reason(text: str, said: str) -> None:
    """Each sentence quotes the formula and says what is wrong."""
    with pytest.raises(AnalysisError, match=said):
        parse_formula(text)


def test_columns_are_ordered_by_where_the_formula_mentions_them() -> None:
    """In R, z * a - z keeps the interaction's name z:a although z itself is gone."""
    assert parse_formula("y ~ z * a - z + (1 | g)").terms == (("a",), ("z", "a"))
    assert parse_formula("`my y` ~ `my x` + (1 | g)").columns == ("my y", "my x", "g")


def test_what_is_nested_and_crossed_is_expanded_as_in_r() -> None:
    """a / b is a + a:b; (a + b + c)^2 has all main effects and pairs."""
    assert parse_formula("y ~ a / b + (1 | g)").terms == (("a",), ("a", "b"))
    pairs = (("a", "b"), ("a", "c"), ("b", "c"))
    assert parse_formula("y ~ (a + b + c)^2 + (1 | g)").terms == (("a",), ("b",), ("c",), *pairs)
