"""Names that try to be markup, each ending what it would stand in."""

from __future__ import annotations

SCRIPT = "<script>alert('run')</script>"
"""The study, a rater, and an answer of the other rater."""
IMAGE_ID = '"><img src=x onerror=alert(1)>'
LEVEL = "</script><script>alert(2)</script>\u2028"
IDENTITIES = 12
