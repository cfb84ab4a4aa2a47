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


@pytest.fixture(scope="session")
def quick() -> TinyModel:
    """The same model, its linear layers multiplied by NumPy (mlx has the reference BLAS on a processor, four times
    slower) and each picture looked at once. `test_quick_model_is_the_model` holds one against the other."""
    import mlx.core as mx
    import mlx.nn as nn
    import numpy as np
    from mlx_vlm.models.gemma3.vision import VisionModel

    class Multiplied(nn.Linear):
        def __call__(self, x: mx.array) -> mx.array:
            rows = np.asarray(x).reshape(-1, x.shape[-1]) @ np.asarray(self["weight"]).T
            if "bias" in self:
                rows += np.asarray(self["bias"])
            return mx.array(rows).reshape(*x.shape[:-1], -1)

    seen: dict[bytes, mx.array] = {}

    class Remembered(VisionModel):
        def __call__(self, x: mx.array, output_hidden_states: bool | None = None) -> tuple[mx.array, None, None]:
            names = [np.asarray(picture).tobytes() for picture in x]
            unseen = [place for place, name in enumerate(names) if name not in seen]
            if unseen:
                told, _, _ = super().__call__(x[mx.array(unseen)], output_hidden_states)
                seen.update((names[place], features) for place, features in zip(unseen, told, strict=True))
            return mx.stack([seen[name] for name in names]), None, None

    loaded = TinyModel.load(embedded_model_folder())
    loaded.model.vision_tower.__class__ = Remembered
    for _, layer in loaded.model.named_modules():
        if type(layer) is nn.Linear:
            layer.__class__ = Multiplied
    return loaded
