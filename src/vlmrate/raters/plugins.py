"""Kinds of rater that installed packages add, by entry points of the group `vlmrate.raters`.

The entry point's name is the kind (`--model KIND:NAME`), its object a function that makes a `Model` of a `Named`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError
from vlmrate.raters.foreign import ForeignModel, blaming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from vlmrate.raters.model import Kind, Model, Named

GROUP = "vlmrate.raters"
_KIND = re.compile(r"[\w.+-]+")


@dataclass(frozen=True, slots=True)
class Plugin:
    """A kind of rater that a package adds; it is imported when it is used.

    `problem` says in one sentence why it cannot be used; None where nothing is known against it.
    """

    kind: str
    package: str
    point: metadata.EntryPoint
    problem: str | None = None

    def model(self, named: Named) -> Model:
        """The model of that name. Whatever its code raises later is told as the package's fault.

        Raises:
            RaterError: The package cannot be imported, or makes no model of this name.
        """
        if self.problem is not None:
            raise RaterError(self.problem)
        with blaming(self.package, self.kind, f"on {named.name!r}"):
            return ForeignModel(self._kind()(named), self.package, self.kind)

    def _kind(self) -> Kind:
        try:
            found = self.point.load()
        except (ImportError, AttributeError) as error:
            raise RaterError(
                f"the package {self.package} adds raters of kind {self.kind}:, but {self.point.value} cannot be "
                f"imported: {error}; install the package anew, or remove it"
            ) from error
        if not callable(found):
            raise RaterError(
                f"the package {self.package} adds raters of kind {self.kind}:, but {self.point.value} is no "
                f"function that makes models (it is a {type(found).__name__}); tell its authors, or remove it"
            )
        kind: Kind = found
        return kind


def plugin_kinds(built_in: Collection[str] = ()) -> Mapping[str, Plugin]:
    """Kinds of rater by name, as installed packages declare them; `built_in` are those of vlmrate, which stay so.

    What cannot be used is listed all the same, with its problem.
    """
    found: dict[str, list[metadata.EntryPoint]] = {}
    for point in metadata.entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return {kind: _plugin(kind, points, built_in) for kind, points in sorted(found.items())}


def _plugin(kind: str, points: list[metadata.EntryPoint], built_in: Collection[str]) -> Plugin:
    packages = sorted(point.dist.name if point.dist else "?" for point in points)
    problem = next(_problems(kind, packages, built_in), None)
    return Plugin(kind, ", ".join(dict.fromkeys(packages)), points[0], problem)


def _problems(kind: str, packages: list[str], built_in: Collection[str]) -> Iterator[str]:
    who = f"the package {packages[0]} adds raters of kind {kind}:"
    if _KIND.fullmatch(kind) is None:
        yield f"{who}, which cannot be typed after --model; its authors must name it with letters, digits, . - and _"
    if kind in built_in:
        yield f"{who}, which vlmrate has itself; --model {kind}:NAME stays vlmrate's, and the package's cannot be used"
    if len(packages) > 1:
        yield f"the packages {' and '.join(packages)} both add raters of kind {kind}:; remove one of them"
