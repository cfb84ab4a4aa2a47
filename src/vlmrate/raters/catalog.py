"""models.yaml: a mapping of names to what is known of each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from vlmrate.errors import RaterError
from vlmrate.raters.model import Named
from vlmrate.resources import configs_folder

if TYPE_CHECKING:
    from pathlib import Path


def catalog(file: Path | None = None) -> tuple[Named, ...]:
    """Every entry of models.yaml (`file`, or the shipped one), in its order.

    Raises:
        RaterError: The file cannot be read or is no mapping of names.
    """
    file = file or configs_folder() / "models.yaml"
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RaterError(f"{file} cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise RaterError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise RaterError(f"{file} must map names to models, such as `gemma3: {{repo: …}}`")
    return tuple(named(str(name), values, file) for name, values in document.items())


def named(name: str, values: object = None, file: Path | None = None) -> Named:
    """A name in its parts: what stands before the first colon is its kind."""
    kind, colon, rest = name.partition(":")
    return Named(name, kind if colon else "", rest if colon else name, values, file)
