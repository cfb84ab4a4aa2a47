"""`ensemble`: several raters as one, by the mean of their numbers and the vote of their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.derivations import winners
from vlmrate.analysis.derived import labels
from vlmrate.derive.made import Made, label_items, names
from vlmrate.derive.probabilities import likeliest, mean_of, probabilities
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.derive.made import Inputs
    from vlmrate.raters.base import OptionProbabilities
    from vlmrate.study.records import Item


def ensemble(inputs: Inputs) -> Made:
    """Means and votes of the items that all sources answered; what one of them lacks is missing.

    Of labels with equally many votes the one with the highest summed probability wins where all sources know theirs,
    else that of the source named first.

    Raises:
        RaterError: The sources have no item in common.
    """
    chosen, study = inputs.chosen, inputs.material.study
    items = tuple(item for item in study.items if all(item in one.items for one in chosen))
    if not items:
        raise RaterError(f"{' and '.join(one.name for one in chosen)} have no item in common")
    by_source = [probabilities(study, one, items) for one in chosen]
    known = {item.name: _shared([told[item.name] for told in by_source]) for item in items}
    record = Derivation(
        method="ensemble",
        items=names(items),
        sources=tuple(one.source(items) for one in chosen),
        labels={item.name: _votes(inputs, item, known[item.name]) for item in label_items(items)},
    )
    return Made(record, known=known)


def _shared(told: list[Mapping[str, OptionProbabilities]]) -> dict[str, OptionProbabilities]:
    """Mean probabilities of the images for which all sources know them."""
    images = [image for image in told[0] if all(image in other for other in told)]
    return {image: mean_of([one[image] for one in told]) for image in images}


def _votes(inputs: Inputs, item: Item, known: Mapping[str, OptionProbabilities]) -> dict[str, str | None]:
    material = inputs.material
    given = [labels(material, one.source((item,)), item).to_dict() for one in inputs.chosen]
    return {image: _winner([votes[image] for votes in given], known.get(image)) for image in material.images.ids}


def _winner(given: list[str | None], known: OptionProbabilities | None) -> str | None:
    most = winners(given)
    if not most:
        return None
    return most[0] if known is None else likeliest(known, most)
