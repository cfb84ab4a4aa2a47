from __future__ import annotations

import doctest

import pytest

from vlmrate.report import format as formats
from vlmrate.report import latex_words, layout, markdown, symbols, word_words
from vlmrate.report.tables import naming, people


@pytest.mark.parametrize("module", [formats, latex_words, layout, markdown, naming, people, symbols, word_words])
def test_examples_in_docstrings_are_true(module):
    """Every example prints what its docstring says, and there is one at least."""
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
