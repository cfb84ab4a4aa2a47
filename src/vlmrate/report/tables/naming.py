"""What tables are called: numbers as the study's own report has them, file names that hold for any study."""

from __future__ import annotations

import re

NOT_PLAIN = re.compile(r"[^\w-]+")
FIRST_AGREEMENT = 3
SPREAD = 7


def agreement_number(position: int) -> int:
    """Number of the agreement table of the item with a scale at `position` (from 0): 3, 5, 8, 10, …; 7 is the spread's.

    >>> [agreement_number(position) for position in range(4)]
    [3, 5, 8, 10]
    """
    number = FIRST_AGREEMENT + 2 * position
    return number if number < SPREAD else number + 1


def table_id(number: int, *words: str) -> str:
    """A table's id, a plain file name.

    >>> table_id(3, "agreement", "valence")
    'T3-agreement-valence'
    """
    return f"T{number}-{slug(*words)}"


def slug(*words: str) -> str:
    """Words as a plain file name.

    >>> slug("baselines", "how happy?")
    'baselines-how-happy-'
    """
    return "-".join(NOT_PLAIN.sub("-", word) for word in words)


def heading(words: str) -> str:
    """Words with a capital at the beginning."""
    return words[:1].upper() + words[1:]
