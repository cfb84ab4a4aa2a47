"""What tables are called: plain file names that hold for any study; their numbers come from their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_PLAIN = re.compile(r"[^\w-]+")


def slug(*words: str) -> str:
    """Words as a plain file name.

    >>> slug("baselines", "how happy?")
    'baselines-how-happy-'
    """
    return "-".join(NOT_PLAIN.sub("-", word) for word in words)


def column_names(kind: str, words: Sequence[str]) -> tuple[str, ...]:
    """A name for the column of each of these words, all different, in their order.

    They begin with what the words are, so none is that of another column; underscores of a word become hyphens, so
    none is another with an ending, such as _ci_low.

    >>> column_names("label", ("happy", "not sure", "not-sure", "rater"))
    ('label_happy', 'label_not-sure', 'label_not-sure-2', 'label_rater')
    """
    taken: dict[str, None] = {}
    for word in words:
        plain = f"{kind}_{slug(word).replace('_', '-')}"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken[name] = None
    return tuple(taken)


def counted(number: int, thing: str) -> str:
    """A number of things, in the singular where it is one.

    >>> counted(1, "test"), counted(1200, "slope")
    ('1 test', '1,200 slopes')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def heading(words: str) -> str:
    """Words with a capital at the beginning."""
    return words[:1].upper() + words[1:]
