"""The embedded model, loaded once for all tests of its folder."""

from __future__ import annotations

import pytest

from vlmrate.resources import embedded_model_folder
from vlmrate.tiny.asking import TinyModel

pytest.importorskip("mlx_vlm")


@pytest.fixture(scope="session")
def tiny() -> TinyModel:
    """The model of the repository, with the reference attention."""
    return TinyModel.load(embedded_model_folder())
