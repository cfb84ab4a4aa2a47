"""The simulation behind the table in docs/ci.md, at a few checks a cell."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from check.conftest import REPOSITORY

if TYPE_CHECKING:
    from types import ModuleType

TABLE = re.findall(r"^\| (nothing.+?) \| (.+) \|$", (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8"), re.M)


@pytest.fixture(scope="module")
def check_power() -> ModuleType:
    """benchmarks/check_power.py."""
    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    try:
        import check_power
    finally:
        sys.path.pop(0)
    return check_power


def test_an_unchanged_rater_raises_no_alarm_and_a_changed_one_does(check_power: ModuleType) -> None:
    """Forty checks of a rater that flips by chance as much as is granted; ten of one that rates a point higher."""
    at_the_limit = check_power.AT_THE_LIMIT
    quiet = [check_power.verdict_of(check_power.nothing, 36, seed, at_the_limit) for seed in range(40)]
    assert sum(verdict in {"regressed", "changed"} for verdict in quiet) <= 2
    higher = check_power.CHANGES["valence higher by 1"]
    loud = [check_power.verdict_of(higher, 36, seed, check_power.Chance()) for seed in range(10)]
    assert loud == ["regressed"] * 10


def test_hundreds_of_flips_are_no_trouble(check_power: ModuleType) -> None:
    """Their chance is too small for a number of 64 bits."""
    higher = check_power.CHANGES["valence higher by 1"]
    assert check_power.verdict_of(higher, 400, 0, check_power.Chance()) == "regressed"


def test_the_table_shows_at_most_two_percent_of_false_alarms() -> None:
    """Every cell of the rows in which nothing changed."""
    shares = [float(share) for _, cells in TABLE for share in re.findall(r"\((.+?)\)", cells)]
    assert len(shares) == 8
    assert max(shares) <= 2.0
