"""Which raters there are: models.yaml, folders, and the kinds of rater that vlmrate or an installed package knows.

A name after `--model` is KIND:NAME, or a bare name or folder of a model on MLX. Each kind is imported when it is used.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError
from vlmrate.raters.catalog import catalog, named
from vlmrate.raters.plugins import plugin_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.raters.model import Kind, Model, Named
    from vlmrate.raters.plugins import Plugin

# Kind: the module and the function that makes a model of a name.
_KINDS = {
    "": ("vlmrate.raters.mlx.model", "mlx_model"),
    "fer": ("vlmrate.raters.fer.model", "fer_model"),
    "server": ("vlmrate.raters.server.model", "server_model"),
    "openai": ("vlmrate.raters.server.model", "openai_model"),
}


def models(file: Path | None = None) -> tuple[Model, ...]:
    """All models of models.yaml (`file`, or the shipped one), in its order.

    Raises:
        RaterError: The file cannot be read or has a mistake; the message names the model and the key.
    """
    return tuple(_model(entry) for entry in catalog(file))


def plugins() -> Mapping[str, Plugin]:
    """The kinds of rater that installed packages add, those that cannot be used among them."""
    return plugin_kinds(built_in=_KINDS)


def find_model(name: str, file: Path | None = None) -> Model:
    """The model called `name` in models.yaml, the one that a kind of rater knows by itself, or a model folder.

    Raises:
        RaterError: There is none.
    """
    known = {entry.name: entry for entry in catalog(file)}
    if name in known:
        return _model(known[name])
    asked = named(name)
    if (asked.kind in _KINDS and asked.kind) or asked.kind in plugins():
        return _model(asked)
    if Path(name).expanduser().is_dir():
        return _model(named(name))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise RaterError(
        f"there is no model called {name!r}{hint}; models.yaml knows {', '.join(known)}; openai:MODEL asks a server"
        f"{''.join(f', {kind}:NAME comes with {plugin.package}' for kind, plugin in plugins().items())}, and the path "
        "of a model folder will do as well"
    )


def _model(asked: Named) -> Model:
    if asked.kind in _KINDS:
        module, function = _KINDS[asked.kind]
        kind: Kind = getattr(import_module(module), function)
        return kind(asked)
    added = plugins()
    if asked.kind not in added:
        known = ", ".join(f"{kind}:" for kind in (*_KINDS, *added) if kind)
        where = f"{asked.file}: model {asked.name}: " if asked.file else ""
        raise RaterError(f"{where}no kind of rater is called {asked.kind!r}; known are {known or 'none'}")
    return added[asked.kind].model(asked)
