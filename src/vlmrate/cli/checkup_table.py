"""A check-up on the terminal, and as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.checkup import Check

_STYLE = {"ok": "green", "note": "yellow", "missing": "bold red"}


def print_checks(checks: Sequence[Check]) -> None:
    """Print a row a check."""
    table = Table(pad_edge=False, show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        table.add_row(f"[{_STYLE[check.verdict]}]{check.verdict}[/]", escape(check.name), escape(check.finding))
    Console(highlight=False).print(table)


def print_checks_as_json(checks: Sequence[Check]) -> None:
    """Print a JSON list, an object a check."""
    sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=2) + "\n")
