"""Emotions' directions: how far they set pictures apart, how alike they are, and what people rate along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, p_value, points, section, stub
from vlmrate.report.tables.arrays import array_name
from vlmrate.report.tables.naming import counted, heading
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.directed import DirectionsOutcome, EmotionDirections
    from vlmrate.report.table import Cell

NOTE_HELD = (
    "The layer was chosen on one half of the identities (of texts: of the texts), all else is told of the other half; "
    "where a layer was named, or there is one only, of all."
)


def directions_tables(outcomes: Sequence[DirectionsOutcome]) -> Iterator[Table]:
    """Gaps, cosines, pictures beside texts, and people's ratings along the components."""
    yield _gaps(outcomes)
    yield _cosines(outcomes)
    yield _texts(outcomes)
    yield _components(outcomes)


def found_in(outcomes: Sequence[DirectionsOutcome]) -> dict[str, EmotionDirections]:
    """What was not skipped, by the array's name."""
    return {_name(outcome, outcomes): outcome.found for outcome in outcomes if not isinstance(outcome.found, Skipped)}


def _name(outcome: DirectionsOutcome, outcomes: Sequence[DirectionsOutcome]) -> str:
    """The array; captures of texts make no capture of pictures harder to tell, so that one alone goes unnamed."""
    pictures = [other for other in outcomes if other.source == "images"]
    return array_name(outcome, pictures if outcome.source == "images" else outcomes)


def _gaps(outcomes: Sequence[DirectionsOutcome]) -> Table:
    return Table(
        id="directions",
        title="What sets each emotion apart inside the model",
        part=Part.INSIDE,
        columns=(
            section("array", "Read at"),
            stub("emotion", "Emotion"),
            points("gap", "Gap"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            bounded("split_half", "Split-half cosine"),
        ),
        rows=tuple(row for outcome in outcomes for row in _gap_rows(outcome, outcomes)),
        notes=(
            NOTE_HELD,
            "Gap = length of the emotion's effect (its mean less that of all emotions, identities held alike), in the "
            "model's own units; noise lengthens it, and p, from labels permuted within identities, says by how much "
            "it is longer than that. Its interval is of the length along the direction found. Holm corrects over the "
            "emotions of an array. Split-half cosine = of the directions of two halves of the identities, mean over "
            "ten splits. Intervals from drawing identities (texts).",
            *_taken_out(outcomes),
        ),
    )


def _gap_rows(outcome: DirectionsOutcome, outcomes: Sequence[DirectionsOutcome]) -> Iterator[tuple[Cell, ...]]:
    name, found = _name(outcome, outcomes), outcome.found
    if isinstance(found, Skipped):
        yield (name, "–", found, None, None, None)
        return
    units = counted(found.units, "text" if outcome.source == "texts" else "picture")
    if outcome.source == "images":
        units = f"{counted(found.rows, 'picture')} of {found.units} identities"
    where = f", layer {found.layer}" if len(found.layers) > 1 else ""
    for one in found.emotions:
        yield (f"{name}{where}: {units}", one.name, one.gap, one.p, one.p_holm, one.split_half)


def _taken_out(outcomes: Sequence[DirectionsOutcome]) -> Iterator[str]:
    taken = {name: found.neutral_out for name, found in found_in(outcomes).items() if found.neutral_out is not None}
    if taken:
        told = "; ".join(f"{name}: {number}" for name, number in taken.items())
        yield f"Components that hold half of the variance of what is neutral were projected out ({told})."


def _cosines(outcomes: Sequence[DirectionsOutcome]) -> Table:
    found = found_in(outcomes)
    return Table(
        id="directions-cosines",
        title="How alike the directions of two emotions are",
        part=Part.INSIDE,
        columns=(section("array", "Read at"), stub("pair", "Emotions"), bounded("cosine", "Cosine")),
        rows=tuple(
            (name, f"{pair.first} and {pair.second}", pair.cosine)
            for name, one in found.items()
            for pair in one.cosines
        ),
        notes=(
            "Effects are told from the mean of all emotions, so that they sum to zero: the cosines of k emotions that "
            "have nothing in common are −1/(k − 1) on average, not 0. Intervals from drawing identities (texts).",
        ),
    )


def _texts(outcomes: Sequence[DirectionsOutcome]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for outcome in outcomes:
        for other in outcome.texts:
            head = f"{_name(outcome, outcomes)} beside {other.text}"
            if isinstance(other.found, Skipped):
                rows.append((head, "–", other.found, None, None))
                continue
            rows += [(head, one.name, one.cosine, one.p, one.p_holm) for one in other.found.emotions]
            rows.append((head, "mean of all", other.found.mean, other.found.p, None))
    shared = [o.found for outcome in outcomes for o in outcome.texts if not isinstance(o.found, Skipped)]
    random = f" It is ±{shared[0].expected:.3f} (root mean square) for a random direction." if shared else ""
    return Table(
        id="directions-texts",
        title="The same emotion from pictures and from texts",
        part=Part.INSIDE,
        columns=(
            section("array", "Read at"),
            stub("emotion", "Emotion"),
            bounded("cosine", "Cosine"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
        ),
        rows=tuple(rows),
        notes=(
            f"Cosine of an emotion's direction from pictures with that from texts, in the pictures' layer.{random} p "
            "of either sign, from concepts dealt anew to the texts: how far they lie apart along the pictures' "
            "direction; Holm over emotions. Of the mean: the share of all ways to give the emotions' names to the "
            "texts' directions in which it is as large. Intervals from drawing identities and texts, the lengths of "
            "both directions held.",
        ),
    )


def _components(outcomes: Sequence[DirectionsOutcome]) -> Table:
    return Table(
        id="directions-components",
        title="What people rate along the components of emotions' directions",
        part=Part.INSIDE,
        columns=(
            section("array", "Read at"),
            stub("component", "Component"),
            stub("item", "Item"),
            bounded("share", "Share of variance"),
            bounded("r", "|r| over emotions"),
            p_value("p", "p"),
            bounded("overall", "r over pictures"),
            bounded("within", "r within emotion"),
        ),
        rows=tuple(row for name, found in found_in(outcomes).items() for row in _component_rows(name, found)),
        notes=(
            "Components that hold a tenth of the variance are tried with every item that people rated, and p is the "
            "share of all orders of the emotions in which the largest |r| of them all is as large, so that the search "
            "is paid for; Fisher's interval. r over pictures and within emotion: of the half of the pictures that had "
            "no part in the component, along the other half's component that is most like it; intervals from drawing "
            "identities.",
        ),
    )


def _component_rows(name: str, found: EmotionDirections) -> Iterator[tuple[Cell, ...]]:
    for one in found.components:
        told = [] if isinstance(found.along, Skipped) else [a for a in found.along if a.component == one.number]
        if not told:
            yield (name, str(one.number), None, one.share, None, None, None, None)
        for a in told:
            share = one.share if a is told[0] else None
            yield (name, str(one.number), heading(a.item), share, a.r, a.p, a.overall, a.within)
