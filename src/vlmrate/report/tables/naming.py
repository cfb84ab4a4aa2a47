"""What tables are called: plain file names that hold for any study; their numbers come from their order."""

from __future__ import annotations

import re

NOT_PLAIN = re.compile(r"[^\w-]+")


def slug(*words: str) -> str:
    """Words as a plain file name.

    >>> slug("baselines", "how happy?")
    'baselines-how-happy-'
    """
    return "-".join(NOT_PLAIN.sub("-", word) for word in words)


def heading(words: str) -> str:
    """Words with a capital at the beginning."""
    return words[:1].upper() + words[1:]
