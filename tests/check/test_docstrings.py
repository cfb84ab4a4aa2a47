"""The examples in the docstrings of vlmrate.check."""

from __future__ import annotations

import doctest

import pytest

from vlmrate.check import allow, compare, ewma, exchange, metrics


@pytest.mark.parametrize("module", [allow, compare, ewma, exchange, metrics])
def test_examples_in_docstrings_are_true(module):
    """Every example prints what its docstring says, and there is one at least."""
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
