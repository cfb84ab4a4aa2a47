"""`expected`: another rater's probability-weighted ratings in the place of its spoken ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.derive.made import Made, label_items, left_out, names
from vlmrate.derive.probabilities import likeliest, only, probabilities
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from vlmrate.derive.made import Inputs


def expected(inputs: Inputs) -> Made:
    """Numbers weighted by their probabilities, and the likeliest labels (of equally likely ones the first offered).

    Raises:
        RaterError: The source gave no probabilities.
    """
    (chosen,), material = inputs.chosen, inputs.material
    known = probabilities(material.study, chosen, chosen.items)
    items = tuple(item for item in chosen.items if known[item.name])
    if not items:
        raise RaterError(f"{chosen.name} gave no probabilities, so that there is nothing to weight its answers with")
    record = Derivation(
        method="expected",
        items=names(items),
        sources=(chosen.source(items),),
        labels={
            item.name: {
                image: likeliest(known[item.name][image], item.answers) if image in known[item.name] else None
                for image in material.images.ids
            }
            for item in label_items(items)
        },
    )
    return Made(record, only(known, items), notes=left_out(chosen.items, items, "since it has no probabilities"))
