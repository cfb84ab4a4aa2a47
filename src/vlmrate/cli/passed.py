"""The arguments of a command as a manifest records them: all of them, and which were given rather than defaulted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlmrate.inference.prepare import Arguments

if TYPE_CHECKING:
    import typer


def arguments_of(context: typer.Context) -> Arguments:
    """Every argument of the running command."""
    passed = (name for name in context.params if _was_given(context, name))
    return Arguments({name: _plain(value) for name, value in context.params.items()}, tuple(sorted(passed)))


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _plain(value: Any) -> str | int | float | bool | list[str] | None:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [str(part) for part in value]
    return str(value)
