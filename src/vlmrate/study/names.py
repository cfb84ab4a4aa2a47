"""Which names are safe: image ids and study names become files, items become columns and placeholders."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 180  # file systems allow 255; endings such as ~2.json and those of temporary files must fit
_REPEAT_ENDING = re.compile(r"~\d+$")
RESERVED_ITEM_NAMES = frozenset({"image_id", "rater_id", "item", "mean", "sd", "n"})


def plain_name_problem(name: str) -> str | None:
    """Why `name` cannot serve as a plain file name, as the end of a sentence ('has a slash …'), or None."""
    if not name.strip():
        return "is blank"
    if "/" in name or "\\" in name:
        return "has a slash in it and would leave its folder"
    if name.startswith("."):
        return "begins with a dot"
    if name != name.strip():
        return "begins or ends with a space"
    if any(unicodedata.category(sign).startswith("C") for sign in name):
        return "holds a control character or another invisible sign"
    if _REPEAT_ENDING.search(name):
        return "ends in ~ and a number, which marks repeats in the results folder"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    return None


def item_name_problem(name: str) -> str | None:
    """Why `name` cannot name an item, as the end of a sentence, or None."""
    if not name.isidentifier():
        return "is not a plain word (letters, digits and _, not beginning with a digit)"
    if name in RESERVED_ITEM_NAMES:
        return "is a column name with a meaning of its own"
    return None


def same_file_key(name: str) -> str:
    """Equal for names that fall on one file where case and Unicode form are not told apart, as on macOS."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
