"""What the page may do, told to the browser, and data that no browser takes for markup."""

from __future__ import annotations

import base64
import hashlib
import json

from markupsafe import Markup

_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def content_policy(style: str, script: str) -> str:
    """A content security policy: this style sheet, this script, pictures within the file, and nothing else.

    Both are named by their SHA-256, so that neither an attribute nor a script that came with the data is obeyed.
    """
    rules = ("default-src 'none'", "img-src data:", f"style-src {_hashed(style)}", f"script-src {_hashed(script)}")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def json_block(value: object) -> Markup:
    """A value as JSON that may stand in a <script> element: none of its signs can end the element.

    Raises:
        ValueError: There is a NaN or an infinity in it.

    >>> json_block({"a": "</script>"})
    Markup('{"a":"\\\\u003c/script\\\\u003e"}')
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - escaped above, as JSON asks for


def _hashed(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
