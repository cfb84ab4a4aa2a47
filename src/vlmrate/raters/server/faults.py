"""What can go wrong with one request, and whether asking again may help."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_MESSAGE = 300
"""Characters of a server's message that are kept."""

LONGEST_ASKED_WAIT = 300.0
"""Seconds that a server may make us wait before the next attempt; what it asks beyond is not granted."""

_AGAIN = frozenset({408, 409, 425, 429})
_NEVER_AGAIN = frozenset({501, 505})
_TOO_MANY = 429
_FILTER_WORDS = ("content_filter", "content_policy", "contentfilter", "responsibleaipolicy", "safety", "moderation")
_QUOTA = "insufficient_quota"
# llama.cpp answers 500 where the model cannot read pictures.
_CANNOT = "not supported"


class FaultError(Exception):
    """A request without a usable answer.

    `again` tells whether asking again may help, `wait` the seconds that the server asked us to wait first; `overrun`
    that it had too many requests; `filtered` that it declined to answer about this picture; `gone` that nobody is
    there.
    """

    def __init__(
        self, message: str, *, again: bool = True, wait: float | None = None, overrun: bool = False,
        filtered: bool = False, gone: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.again = again
        self.wait = wait
        self.overrun = overrun
        self.filtered = filtered
        self.gone = gone


def fault_of(status: int, retry_after: str | None, body: str, scrub: Callable[[str], str] = str) -> FaultError:
    """What a status other than 200 means; `scrub` takes the key out of what is read from the body."""
    said, marks = _said(body)
    said = shortened(scrub(said))
    filtered = 400 <= status < 500 and any(word in marks for word in _FILTER_WORDS)
    passes = (status in _AGAIN or 500 <= status < 600) and status not in _NEVER_AGAIN
    again = passes and _QUOTA not in marks and _CANNOT not in said.lower()
    return FaultError(
        f"the server answered {status}{': ' + said if said else ''}",
        again=again and not filtered,
        wait=waiting(retry_after) if again else None,
        overrun=status == _TOO_MANY and again,
        filtered=filtered,
    )


def waiting(retry_after: str | None) -> float | None:
    """Seconds to wait as a Retry-After header says (a number of seconds or a date), up to LONGEST_ASKED_WAIT.

    A little is added by chance, so that requests refused together do not come again together.
    """
    if retry_after is None:
        return None
    try:
        asked = float(retry_after)
    except ValueError:
        asked = _until(retry_after)
    if not asked >= 0:
        return None
    return min(asked, LONGEST_ASKED_WAIT) + random.uniform(0, min(asked / 10, 1.0))


def shortened(text: str) -> str:
    """A server's message on one line, cut to LONGEST_MESSAGE characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def _until(date: str) -> float:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return -1.0
    return max(then.replace(tzinfo=then.tzinfo or UTC).timestamp() - time.time(), 0.0)


def _said(body: str) -> tuple[str, str]:
    """What a server says went wrong, and its marks for it (code and type, in small letters)."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body, ""
    if isinstance(document, list) and document:
        document = document[0]
    error = document.get("error", document) if isinstance(document, dict) else document
    if not isinstance(error, dict):
        return str(error), ""
    message = next((error[name] for name in ("message", "detail", "error") if error.get(name)), "")
    inner = error.get("innererror")
    marks = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    return str(message), " ".join(str(mark).lower() for mark in marks if mark)
