"""The key to a server, kept where it cannot be printed by mistake."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "[key]"
"""What stands where a server repeated the key."""

_SHORTEST = 8


class Key:
    """A secret from the environment, or none. Nothing shows it but the header that carries it.

    Servers that repeat it are not believed: `scrub` takes it out of what they say. A value of fewer than 8 characters
    is a placeholder ("EMPTY", "ollama") and is left in, since it may be a word of an answer.
    """

    def __init__(self, value: str | None) -> None:
        self._value = value
        secret = value if value and len(value) >= _SHORTEST else None
        self._written = _ways_of_writing(secret) if secret else ()
        self._pattern = re.compile("".join(map(_any_way, secret))) if secret else None

    def __repr__(self) -> str:
        return "Key(hidden)" if self._value else "Key(none)"

    def headers(self) -> dict[str, str]:
        """The header that carries the key; empty where there is none."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def scrub(self, text: str) -> str:
        """The text without the key, in whichever way it is written there, each sign in a way of its own too."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def scrub_bytes(self, body: bytes) -> bytes:
        """The bytes without the key as it is usually written; what is JSON can be read as well as before.

        JSON has more ways to write it: what is read from the bytes is to be scrubbed again.
        """
        for written in self._written:
            body = body.replace(written.encode(), MASK.encode())
        return body


def key_from(environment: Mapping[str, str], name: str | None) -> Key:
    """The key that the environment variable `name` holds; no key where no variable is named.

    Raises:
        RaterError: The variable is empty or holds signs that no key has.
    """
    if name is None:
        return Key(None)
    value = environment.get(name, "").strip()
    if not value:
        raise RaterError(missing_key(name))
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise RaterError(f"the environment variable {name} holds spaces or signs that no key has; set it anew")
    return Key(value)


def missing_key(name: str) -> str:
    """What to do about a variable that holds no key."""
    return f"the environment variable {name} holds no key; set it (`export {name}=…`) and run the same command again"


def _ways_of_writing(value: str) -> tuple[str, ...]:
    """As it is, as JSON and as an address write it; the longest first."""
    ways = {value, json.dumps(value)[1:-1], json.dumps(value)[1:-1].replace("/", "\\/"), quote(value, safe="")}
    return tuple(sorted(ways, key=len, reverse=True))


def _any_way(sign: str) -> str:
    """A pattern of one sign: as it is, behind a backslash, as JSON escapes it (in JSON within JSON too), or in %."""
    code = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(sign):02x}")
    return rf"(?:\\?{re.escape(sign)}|\\{{1,4}}u00{code}|%{code})"
