"""`calibrated`: another rater's numbers put on people's scale by lines that never saw whom they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.baselines import emotion_answers
from vlmrate.analysis.derivations import rests_on_people
from vlmrate.derive.made import (
    Made,
    fitted,
    held_out,
    in_order,
    label_items,
    left_out,
    names,
    rated_numbers,
)
from vlmrate.derive.probabilities import probabilities
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from vlmrate.derive.made import Inputs


def calibrated(inputs: Inputs) -> Made:
    """Lines by fold and group for every number that people rated; labels are passed through.

    Raises:
        RaterError: Nothing can be calibrated, or the source was itself fitted to people.
    """
    (chosen,), material = inputs.chosen, inputs.material
    if rests_on_people(material, chosen.rater):
        raise RaterError(
            f"--from {chosen.name}: it rests on people's ratings itself, so that a line fitted to it would see whom it "
            "is to serve; calibrate the rater that it was made of"
        )
    _refuse_no_groups(inputs)
    numbers, labels = rated_numbers(material, chosen.items), label_items(chosen.items)
    items, images = in_order(material, (*numbers, *labels)), material.images
    folds = stats.cluster_folds(images.clusters, inputs.folds, seed=inputs.seed)
    record = Derivation(
        method="calibrated",
        items=names(items),
        sources=(chosen.source(items),),
        seed=inputs.seed,
        by=inputs.by,
        folds=dict(zip(images.ids, folds.tolist(), strict=True)),
    )
    posed = "the emotion posed (an oracle in that) and " if inputs.by == "emotion" else ""
    return Made(
        fitted(material, record),
        known=probabilities(material.study, chosen, labels),
        knows=f"{posed}people's ratings of {held_out(material)}",
        notes=left_out(chosen.items, items, "since people did not rate it"),
    )


def _refuse_no_groups(inputs: Inputs) -> None:
    material, (chosen,) = inputs.material, inputs.chosen
    if inputs.by == "emotion" and material.images.emotion is None:
        raise RaterError("the study names no emotion factor to fit a line each to; pass --by answer or --by none")
    if inputs.by == "answer" and emotion_answers(material, chosen.rater) is None:
        raise RaterError(f"{chosen.name} gave no labels to fit a line each to; pass --by emotion or --by none")
