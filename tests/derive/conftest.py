"""Studies to make raters in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from derive.bench import Bench, bench, noisy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Bench:
    """Eight identities in three emotions, rated by one rater near to people."""
    made = bench(tmp_path)
    made.rate("near", noisy(made, 0.4))
    return made
