"""`python -m vlmrate` is the command."""

from __future__ import annotations

from vlmrate.cli.main import run

if __name__ == "__main__":
    run()
