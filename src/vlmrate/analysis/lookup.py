"""Finding one item's or one rater's entry in an answer that may have been skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence


class OfItem(Protocol):
    """An entry of one item."""

    @property
    def item(self) -> str:
        """The item's name."""


class OfRater(Protocol):
    """An entry of one rater."""

    @property
    def rater(self) -> str:
        """The rater, as tables call it."""


ItemEntry = TypeVar("ItemEntry", bound=OfItem)
RaterEntry = TypeVar("RaterEntry", bound=OfRater)


def of_item(entries: Sequence[ItemEntry] | Skipped, item: str) -> ItemEntry | Skipped:
    """The entry of an item, or why there is none."""
    if isinstance(entries, Skipped):
        return entries
    return next((entry for entry in entries if entry.item == item), Skipped(f"there is no answer to {item} here"))


def of_rater(entries: Sequence[RaterEntry] | Skipped, rater: str) -> RaterEntry | Skipped:
    """The entry of a rater, or why there is none."""
    if isinstance(entries, Skipped):
        return entries
    return next((entry for entry in entries if entry.rater == rater), Skipped(f"there is no answer by {rater} here"))
