"""Which factors the sub-folders of a folder of pictures stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NO_FACTOR = "-"
_EMOTION_WORDS = frozenset(
    {
        "happy", "happiness", "joy", "smiling", "sad", "sadness", "angry", "anger", "fear", "fearful", "afraid",
        "disgust", "disgusted", "neutral", "calm", "surprise", "surprised", "contempt",
    }
)  # fmt: skip
_GENDER_WORDS = frozenset({"female", "male", "woman", "man", "women", "men", "f", "m", "nonbinary"})


def folder_factors(pictures: Sequence[Path], names: Sequence[str] | None) -> dict[str, list[str]]:
    """A list of levels, one a picture, for each factor that the sub-folders stand for.

    `pictures` are relative to the folder of pictures; `names` are the factors from the outermost sub-folder in, None
    to name them by what their levels are.

    Raises:
        StudyError: A picture does not lie as deep as `names` has factors, or a name cannot be a column.
    """
    if names is not None:
        return _named(pictures, names)
    depths = {len(path.parts) - 1 for path in pictures}
    if len(depths) != 1:
        return {}
    factors: dict[str, list[str]] = {}
    for depth in range(depths.pop()):
        levels = [path.parts[depth].strip() for path in pictures]
        if len(set(levels)) > 1:
            factors[_guessed(set(levels), depth, factors)] = levels
    return factors


def _named(pictures: Sequence[Path], names: Sequence[str]) -> dict[str, list[str]]:
    wanted = [name for name in names if name != NO_FACTOR]
    for name in wanted:
        if not name.isidentifier() or name in {"image_id", "path"} or wanted.count(name) > 1:
            raise StudyError(
                f"--folders: {name!r} cannot be a factor; give plain words, each once, such as emotion,gender"
            )
    for path in pictures:
        if len(path.parts) - 1 < len(names):
            raise StudyError(
                f"--folders names {len(names)} levels of folders, but {path} lies {len(path.parts) - 1} deep"
            )
    return {
        name: [path.parts[depth].strip() for path in pictures] for depth, name in enumerate(names) if name != NO_FACTOR
    }


def _guessed(levels: set[str], depth: int, taken: dict[str, list[str]]) -> str:
    folded = {level.casefold() for level in levels}
    for name, words in (("emotion", _EMOTION_WORDS), ("gender", _GENDER_WORDS)):
        if folded <= words and name not in taken:
            return name
    return f"folder{depth + 1}"
