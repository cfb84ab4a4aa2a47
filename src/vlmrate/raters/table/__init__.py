"""Predictions made elsewhere: a table of someone else's answers, read, checked and mapped onto a study's items."""

from __future__ import annotations
