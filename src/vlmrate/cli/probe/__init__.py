"""`vlmrate probe`: look inside a model that rates."""

from __future__ import annotations

from vlmrate.cli.probe.main import register

__all__ = ["register"]
