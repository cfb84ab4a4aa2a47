"""`category-mean` and `label-only`: people's mean of a category, each identity's answered without its own ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.analysis.baselines import emotion_answers
from vlmrate.derive.made import Made, fitted, held_out, in_order, label_items, names, rated_numbers
from vlmrate.derive.probabilities import probabilities
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material
    from vlmrate.derive.made import Inputs


def category_mean(inputs: Inputs) -> Made:
    """People's mean of the emotion posed over all other identities; its label is the emotion posed.

    Raises:
        RaterError: The study names no emotion, or people rated nothing.
    """
    material = inputs.material
    if material.images.emotion is None:
        raise RaterError("the study names no emotion factor, so that there is no category to take the mean of")
    posed = tuple(i for i in label_items(material.study.items) if i.intended == material.study.factors.emotion)
    items = in_order(material, (*posed, *rated_numbers(material, material.study.items)))
    record = Derivation(method="category-mean", items=names(items), by="emotion", folds=_one_each(material))
    knows = f"the emotion posed and people's ratings of {held_out(material)}"
    return Made(fitted(material, record), knows=knows)


def label_only(inputs: Inputs) -> Made:
    """People's mean over all other identities' images that the source gave the same label; the label is its own.

    Raises:
        RaterError: The source gave no labels, or people rated nothing.
    """
    (chosen,), material = inputs.chosen, inputs.material
    if emotion_answers(material, chosen.rater) is None:
        raise RaterError(f"{chosen.name} gave no labels, so that there is nothing to take the mean of")
    wanted = chosen.items if chosen.named else material.study.items
    own = tuple(item for item in label_items(wanted) if item in chosen.items)
    items = in_order(material, (*own, *rated_numbers(material, wanted)))
    answered = tuple(item for item in items if item in chosen.items)
    record = Derivation(
        method="label-only",
        items=names(items),
        sources=(chosen.source(answered),),
        by="answer",
        folds=_one_each(material),
    )
    return Made(
        fitted(material, record),
        known=probabilities(material.study, chosen, own),
        knows=f"people's ratings of {held_out(material)}",
    )


def _one_each(material: Material) -> dict[str, int]:
    """A fold for each identity, so that all others are what its images are answered with."""
    codes, _ = pd.factorize(material.images.clusters, sort=True)
    return dict(zip(material.images.ids, codes.tolist(), strict=True))
