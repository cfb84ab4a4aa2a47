from __future__ import annotations

import pytest

from vlmrate.apa import bounded, decimal, p_value
from vlmrate.report.format import cell, mark, share
from vlmrate.report.table import bounded as bounded_column
from vlmrate.report.table import count, points, text
from vlmrate.stats import Estimate, Share, Skipped


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.7252, ".725"), (-0.332, "−.332"), (1.0, "1.000"), (-1.0, "−1.000"), (0.9996, "1.000"), (-0.0001, ".000")],
)
def test_no_leading_zero_where_one_is_the_bound(value, shown):
    """r, kappa and accuracy lose their leading zero, keep a whole 1, and never show a negative zero."""
    assert bounded(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.5, "0.50"), (-1.994, "−1.99"), (-0.004, "0.00"), (float("nan"), "–")])
def test_scale_points_keep_the_leading_zero(value, shown):
    """Scale points can exceed 1, so their zero stays; what is not a number is a dash."""
    assert decimal(value, 2) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.0342, ".034"), (0.0009, "< .001"), (1.0, "1.000"), (0.0, "< .001")])
def test_small_p_values_are_bounded(value, shown):
    """No p-value is printed as .000."""
    assert p_value(value) == shown


def test_a_share_names_what_it_is_of():
    """Numerator and denominator stand beside the per cent; an empty denominator is not divided by."""
    assert share(Share(170, 239, "")) == "170/239 (71.1 %)"
    assert share(Share(0, 0, "")) == "0/0"


def test_cells_follow_their_column():
    """An estimate carries its interval unless the column leaves it out; None is blank, Skipped a dash."""
    estimate = Estimate(0.725, 0.701, 0.748, 0.95, 1440, "")
    assert cell(estimate, bounded_column("a", "A")) == ".725 [.701, .748]"
    assert cell(estimate, points("a", "A", interval=False)) == "0.72"
    assert cell(1440, count("n", "n")) == "1,440"
    assert cell(None, count("n", "n")) == ""
    assert cell(Skipped("why"), count("n", "n")) == "–"
    assert cell("sad", text("a", "A")) == "sad"


def test_marks_are_raised_numbers():
    """Footnote marks go on beyond nine."""
    assert [mark(1), mark(10)] == ["¹", "¹⁰"]
