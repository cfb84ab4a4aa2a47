"""A regression gate: rate a small subset again and hold it against a baseline."""

from __future__ import annotations
