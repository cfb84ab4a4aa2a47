"""Where the files that travel with vlmrate lie: shipped protocols, configurations, the embedded model.

In an installed wheel they are inside the package; in a checkout they are the folders at the repository's top.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def _folder(in_wheel: str, in_checkout: str) -> Path:
    packaged = _PACKAGE / "resources" / in_wheel
    return packaged if packaged.is_dir() else _CHECKOUT / in_checkout


def prompts_folder() -> Path:
    """The folder of shipped protocols, one sub-folder each."""
    return _folder("prompts", "prompts")


def configs_folder() -> Path:
    """The folder of shipped configurations (study.yaml, models.yaml)."""
    return _folder("configs", "configs")


def embedded_model_folder() -> Path:
    """The folder of the embedded model `tiny`."""
    return _folder("models/tiny", "data/models/tiny")


def faceapi_folder() -> Path:
    """The folder of the FER network `fer:faceapi`."""
    return _folder("models/faceapi", "data/models/faceapi")


def published_folder() -> Path:
    """The folder of values printed by published studies, a CSV file each."""
    return _folder("published", "data/published")
