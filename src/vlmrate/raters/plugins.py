"""Kinds of rater that installed packages add, by entry points of the group `vlmrate.raters`.

The entry point's name is the kind (`--model KIND:NAME`), its object a function that makes a `Model` of a `Named`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.raters.model import Kind

GROUP = "vlmrate.raters"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A kind of rater that a package adds; it is imported when it is loaded."""

    kind: str
    package: str
    point: metadata.EntryPoint

    def load(self) -> Kind:
        """The function that makes models.

        Raises:
            RaterError: It cannot be imported.
        """
        try:
            kind: Kind = self.point.load()
        except (ImportError, AttributeError) as error:
            raise RaterError(
                f"the package {self.package} adds raters of kind {self.kind}:, but {self.point.value} cannot be "
                f"imported: {error}; install the package anew, or remove it"
            ) from error
        return kind


def plugin_kinds() -> Mapping[str, Plugin]:
    """Kinds of rater by name, as installed packages declare them."""
    found = metadata.entry_points(group=GROUP)
    return {point.name: Plugin(point.name, point.dist.name if point.dist else "?", point) for point in found}
