"""The worked examples in the documentation of the statistics."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import vlmrate.stats

MODULES = [f"vlmrate.stats.{module.name}" for module in pkgutil.iter_modules(vlmrate.stats.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    """Every example in a docstring yields exactly the output shown under it."""
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {name}"


def test_everything_exported_exists_and_is_documented() -> None:
    """`__all__` names what is there, each once, and everything public says what it is."""
    names = vlmrate.stats.__all__
    assert len(set(names)) == len(names)
    for name in names:
        public = getattr(vlmrate.stats, name)
        if inspect.isclass(public) or inspect.isfunction(public):
            assert public.__doc__, name
