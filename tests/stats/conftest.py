"""Fixtures and data that the tests of the statistics share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from stats.tolerances import TOLERANCE, Tolerances
from vlmrate.stats import Bootstrap, Estimate, Skipped, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).parents[2].parent / "shared"


@pytest.fixture(scope="session")
def tolerance() -> Tolerances:
    """How closely numbers must agree."""
    return TOLERANCE


@pytest.fixture(scope="session")
def quick() -> Bootstrap:
    """Few resamples, where a test is not about the interval."""
    return Bootstrap(resamples=50)


@pytest.fixture(scope="session")
def estimated() -> Callable[[object], Estimate]:
    """Unwrap an Estimate; a Skipped fails with its reason."""

    def unwrap(outcome: object) -> Estimate:
        assert isinstance(outcome, Estimate), outcome
        assert outcome.ci_low <= outcome.ci_high
        assert all(np.isfinite([outcome.value, outcome.ci_low, outcome.ci_high]))
        return outcome

    return unwrap


@pytest.fixture(scope="session")
def tested() -> Callable[[object], TestResult]:
    """Unwrap a TestResult; a Skipped fails with its reason."""

    def unwrap(outcome: object) -> TestResult:
        assert isinstance(outcome, TestResult), outcome
        return outcome

    return unwrap


@pytest.fixture(scope="session")
def skipped() -> Callable[[object], str]:
    """Return the reason of a Skipped; anything else fails."""

    def reason(outcome: object) -> str:
        assert isinstance(outcome, Skipped), outcome
        assert outcome.reason
        return outcome.reason

    return reason


@pytest.fixture(scope="session")
def crema_d() -> Path:
    """The folder of the CREMA-D votes; tests that need it skip where it is missing."""
    folder = SHARED / "data" / "crema-d"
    if not (folder / "tabulatedVotes.csv").is_file():
        pytest.skip(f"needs the CREMA-D votes in {folder}")
    return folder


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """R's values; `reference.R` beside them made them."""
    text = (Path(__file__).parents[1] / "golden" / "stats" / "reference.json").read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(text)
    return values


@pytest.fixture(scope="session")
def london() -> pd.DataFrame:
    """The London attractiveness ratings, a row a rating; tests that need them skip where they are missing."""
    file = SHARED / "data" / "london" / "human_ratings.csv.gz"
    if not file.is_file():
        pytest.skip(f"needs the London ratings in {file}")
    return pd.read_csv(file, usecols=["rater_id", "image_id", "attractiveness"])
