"""What arrays of captures are called in tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class OfArray(Protocol):
    """Something found in one array of one capture of one model."""

    @property
    def capture(self) -> str:
        """The capture's file without its ending."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def array(self) -> str:
        """The array's name."""


def array_name(one: OfArray, others: Sequence[OfArray]) -> str:
    """The array, and as much of its capture as tells it from the others."""
    if len({other.capture for other in others}) == 1:
        return one.array
    models = {other.capture: other.model for other in others}
    apart = len(set(models.values())) == len(models)
    return f"{one.model if apart else one.capture}, {one.array}"
