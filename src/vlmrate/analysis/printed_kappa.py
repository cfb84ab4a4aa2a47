"""Printed pairs of accuracy and kappa against each other: in a balanced design the one follows from the other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vlmrate.stats import KappaIdentity, kappa_identity
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.study.design import Design
    from vlmrate.study.published import Published, PublishedValue


@dataclass(frozen=True, slots=True)
class PrintedKappa:
    """Whether the kappa printed for a rater is the one that its printed accuracy implies, as far as digits tell.

    `labels` are those of the item in the study here, taken to be those of the publication, and each true equally often.
    """

    rater: str
    item: str
    labels: int
    accuracy: str
    kappa: str
    check: KappaIdentity


def printed_kappas(design: Design, published: Published) -> tuple[PrintedKappa, ...]:
    """Every pair that a published study prints for a rater and an item which is answered with labels here."""
    labels = {item.name: len(item.scale.options) for item in design.items if isinstance(item.scale, Labels)}
    return tuple(_checked(*pair, labels[pair[0].item]) for pair in _pairs(published.values) if pair[0].item in labels)


def _pairs(values: Sequence[PublishedValue]) -> Iterator[tuple[PublishedValue, PublishedValue]]:
    """Accuracy and kappa of one rater and item: those of the same place, else the only ones."""
    accuracies = [value for value in values if value.statistic == "accuracy" and 0 <= value.value <= 1]
    kappas = [value for value in values if value.statistic == "kappa" and -1 <= value.value <= 1]
    for kappa in kappas:
        theirs = [value for value in accuracies if (value.rater, value.item) == (kappa.rater, kappa.item)]
        beside = [value for value in theirs if value.place == kappa.place] or theirs
        if len(beside) == 1:
            yield beside[0], kappa


def _checked(accuracy: PublishedValue, kappa: PublishedValue, labels: int) -> PrintedKappa:
    rounding = max(_rounding(accuracy.printed), _rounding(kappa.printed))
    check = kappa_identity(accuracy.value, kappa.value, labels, rounding=rounding)
    return PrintedKappa(kappa.rater, kappa.item, labels, accuracy.printed, kappa.printed, check)


def _rounding(printed: str) -> float:
    """Half a unit of the last digit printed; a per cent is a hundredth."""
    number = Decimal(printed.removesuffix("%").strip().replace("\N{MINUS SIGN}", "-"))
    last = Decimal(1).scaleb(int(number.as_tuple().exponent) - (2 if printed.endswith("%") else 0))
    return float(last / 2)
