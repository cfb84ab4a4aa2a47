"""Image ids from file names: safe, and different even where case is not told apart."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from vlmrate.study.names import MAX_NAME_BYTES, same_file_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def image_ids(pictures: Sequence[Path]) -> list[str]:
    """An id for each picture (paths relative to one folder), in order.

    The file name without its ending where that tells all apart; else with the sub-folders in front; else with the
    ending too; and where even that is not enough, numbered.
    """
    for name in (_stem, _with_folders, _with_ending):
        ids = [_safe(name(path)) for path in pictures]
        if len({same_file_key(image_id) for image_id in ids}) == len(ids):
            return ids
    return _numbered(ids)


def _stem(path: Path) -> str:
    return path.stem


def _with_folders(path: Path) -> str:
    return "_".join(path.with_suffix("").parts)


def _with_ending(path: Path) -> str:
    return f"{_with_folders(path)}_{path.suffix.removeprefix('.')}"


def _safe(name: str) -> str:
    """The name as an id: signs that an id must not have become _, and it is cut to length."""
    visible = "".join("_" if unicodedata.category(sign).startswith("C") or sign in "/\\" else sign for sign in name)
    without_repeat = re.sub(r"~(?=\d+$)", "_", visible.strip())
    not_hidden = re.sub(r"^\.", "_", without_repeat)
    cut = not_hidden.encode()[: MAX_NAME_BYTES - 8].decode(errors="ignore").strip()  # room for a number
    return cut or "image"


def _numbered(ids: Sequence[str]) -> list[str]:
    taken: set[str] = set()
    numbered = []
    for image_id in ids:
        unique, number = image_id, 1
        while same_file_key(unique) in taken:
            number += 1
            unique = f"{image_id}_{number}"
        taken.add(same_file_key(unique))
        numbered.append(unique)
    return numbered
