"""`hybrid`: each item from another rater, such as category and valence from a network and arousal from a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.derive.made import Made, in_order, names
from vlmrate.derive.probabilities import probabilities
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.derive.made import Inputs
    from vlmrate.raters.base import OptionProbabilities
    from vlmrate.study.records import Item


def hybrid(inputs: Inputs) -> Made:
    """Every item as its source gave it.

    Raises:
        RaterError: An item comes from two sources.
    """
    origin: dict[Item, str] = {}
    known: dict[str, Mapping[str, OptionProbabilities]] = {}
    for chosen in inputs.chosen:
        for item in chosen.items:
            if item in origin:
                raise RaterError(
                    f"{item.name} comes from both {origin[item]} and {chosen.name}; say after a colon what comes from "
                    f"whom, such as --from {chosen.rater.run.rater}:{item.name}"
                )
            origin[item] = chosen.name
        known |= probabilities(inputs.material.study, chosen, chosen.items)
    sources = tuple(chosen.source(chosen.items) for chosen in inputs.chosen)
    items = names(in_order(inputs.material, tuple(origin)))
    return Made(Derivation(method="hybrid", items=items, sources=sources), known=known)
