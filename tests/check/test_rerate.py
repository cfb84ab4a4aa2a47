"""Which versions decide an answer: those of the packages that a rater of its kind really uses."""

from __future__ import annotations

import pytest

from vlmrate.check.rerate import deciding
from vlmrate.inference.records import Recipe

INSTALLED = {
    "python": "3.12.1", "vlmrate": "1", "mlx": "2", "transformers": "3", "onnxruntime": "4", "opencv-python": "5",
    "numpy": "6", "Pillow": "7", "httpx2": "8",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "packages"),
    [
        ("mlx", {"mlx", "transformers", "numpy", "Pillow"}),
        ("fer", {"onnxruntime", "opencv-python", "numpy", "Pillow"}),
        ("server", {"numpy", "Pillow"}),
    ],
)
def test_packages_of_other_kinds_decide_nothing(kind: str, packages: set[str]) -> None:
    """That a package for servers or networks is there or not does not make answers of a model on MLX doubtful."""
    recipe = Recipe(protocol_digest="0" * 64, seed=0, settings={"kind": kind})
    assert deciding(INSTALLED, recipe).keys() == packages
