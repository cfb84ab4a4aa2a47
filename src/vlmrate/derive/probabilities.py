"""The probabilities that raters gave to their answers, as their ratings hold them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from vlmrate.inference.store import store_for
from vlmrate.raters.base import OptionProbabilities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.derive.made import Known
    from vlmrate.derive.sources import Chosen
    from vlmrate.study.records import Item, Study


def probabilities(study: Study, chosen: Chosen, items: Sequence[Item]) -> Known:
    """By item and image, the mean over the repeats that have them; images without any are left out."""
    wanted = {item.name for item in items}
    found: dict[str, dict[str, list[OptionProbabilities]]] = {name: defaultdict(list) for name in wanted}
    run = chosen.rater.run
    for _, rating in store_for(study, run.rater, run.protocol).rating_files():
        for answer in (answer for step in rating.steps for answer in step.answers):
            if answer.item in wanted and answer.probabilities is not None:
                told = OptionProbabilities(answer.probabilities, answer.valid_mass or 0.0, answer.unlisted)
                found[answer.item][rating.image_id].append(told)
    return {name: {image: mean_of(told) for image, told in by_image.items()} for name, by_image in found.items()}


def mean_of(told: Sequence[OptionProbabilities]) -> OptionProbabilities:
    """Each answer's mean probability; what one of them does not list is not listed."""
    options = list(told[0].probabilities)
    return OptionProbabilities(
        {option: sum(one.probabilities.get(option, 0.0) for one in told) / len(told) for option in options},
        sum(one.valid_mass for one in told) / len(told),
        tuple(option for option in options if any(option in one.unlisted for one in told)),
    )


def likeliest(told: OptionProbabilities, among: Sequence[str]) -> str:
    """The likeliest of some answers; of equally likely ones the first."""
    return max(among, key=lambda option: told.probabilities.get(option, 0.0))


def only(known: Known, items: Sequence[Item]) -> Mapping[str, Mapping[str, OptionProbabilities]]:
    """Those of some items."""
    return {item.name: known[item.name] for item in items if item.name in known}
