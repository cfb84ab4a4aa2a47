"""Emotions and groups of people shown inside a model: their angles, and what it answers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.probe.prior import NO_TEXTS
from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, stub
from vlmrate.report.tables.arrays import array_name
from vlmrate.report.tables.naming import column_names, heading
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vlmrate.probe.angles import BiasCell, BiasFound, BiasOutcome
    from vlmrate.probe.correspondence import Correspondence
    from vlmrate.probe.featured import FeatureAngles, FeatureCell
    from vlmrate.report.table import Cell

BETWEEN = {"pictures": "cosines from pictures", "texts": "cosines from texts", "labels": "labels given"}


def bias_tables(outcomes: Sequence[BiasOutcome]) -> Iterator[Table]:
    """Angles, answers, where features are active, and how far all go together."""
    yield from (_cosines(outcomes), _answers(outcomes), _features(outcomes), _together(outcomes))


def angles_in(outcomes: Sequence[BiasOutcome]) -> dict[str, BiasFound]:
    """What was not skipped, by the array's name."""
    return {
        array_name(outcome, outcomes): outcome.found for outcome in outcomes if not isinstance(outcome.found, Skipped)
    }


def texts_given(found: Iterable[BiasFound]) -> bool:
    """Whether captures of texts were given beside any of them, even such as nothing could be told of."""
    return any(one.texts != NO_TEXTS for one in found)


def place_of(name: str, found: BiasFound) -> str:
    """An array, and the layer where it has several."""
    return f"{name}, layer {found.layer}" if len(found.layers) > 1 else name


def _cosines(outcomes: Sequence[BiasOutcome]) -> Table:
    texts = texts_given(angles_in(outcomes).values())
    of_texts = (
        bounded("text", "From texts"),
        p_value("text_p", "p of texts"),
        p_value("text_p_holm", "p Holm of texts"),
    )
    return Table(
        id="bias-angles",
        title="Directions of emotions and of groups of people shown: their cosines",
        part=Part.INSIDE,
        columns=(
            section("array", "Read at"),
            stub("cell", "Emotion, group"),
            bounded("cosine", "Cosine"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            bounded("unattenuated", "Without noise"),
            *(of_texts if texts else ()),
        ),
        rows=tuple(row for outcome in outcomes for row in _rows(outcome, outcomes, texts=texts)),
        notes=tuple(_notes(angles_in(outcomes))),
    )


def _rows(outcome: BiasOutcome, outcomes: Sequence[BiasOutcome], *, texts: bool) -> Iterator[tuple[Cell, ...]]:
    name, found = array_name(outcome, outcomes), outcome.found
    if isinstance(found, Skipped):
        yield (name, "–", found, *(None,) * (6 if texts else 3))
        return
    where = place_of(name, found)
    head = f"{where}: {found.images} pictures of {found.identities} identities"
    for cell in found.cells:
        yield _angle((head, f"{cell.emotion}, {cell.group}"), cell, found, texts=texts)
    if found.features is not None:
        head = f"{where}: features of {found.features.dictionary}"
        for feature in found.features.features:
            for told in feature.cells:
                yield _angle((head, f"{feature.feature}, {told.other}"), told, found, texts=texts)


def _angle(stubs: tuple[str, str], cell: BiasCell | FeatureCell, found: BiasFound, *, texts: bool) -> tuple[Cell, ...]:
    of_texts = (found.texts if isinstance(found.texts, Skipped) else cell.text, cell.text_p, cell.text_p_holm)
    row = (*stubs, cell.cosine, cell.p, cell.p_holm, cell.unattenuated)
    return (*row, *of_texts) if texts else row


def _notes(found: dict[str, BiasFound]) -> Iterator[str]:
    yield (
        "A group's direction is taken within emotion, so that the emotions that a group happens to show make no "
        "cosine; of a factor with two levels one is told, since the other has the same figures with the other sign. "
        "The layer was chosen on one half of the identities, cosines are told of the other; of all where the layer was "
        "named or there is one only. p of either sign, from groups dealt anew between whole identities: how far they "
        "lie apart along the emotion's direction; Holm over the cells of an array. Intervals from drawing identities, "
        "the lengths of both directions held."
    )
    yield (
        "Noise pulls cosines towards 0. Without noise: over the root of the reliabilities of both directions (from "
        "halves of the identities), 1 at most."
    )
    if found:
        widths = dict.fromkeys(one.width for one in found.values())
        random = {one.width: one.random for one in found.values()}
        told = ", ".join(f"±{random[width]:.3f} in {width} dimensions" for width in widths)
        dealt = ", ".join(f"±{one.dealt:.3f} ({name})" for name, one in found.items())
        yield (
            f"A random direction's cosine lies 95 % of the time within {told}; where groups are dealt anew, the "
            f"lengths of directions held, within {dealt}."
        )
    if any(one.features is not None for one in found.values()):
        yield (
            "Features: the cosine of a feature's row of the decoder, which is fixed, so that intervals and reliability "
            "are those of the other direction. p with an emotion: what emotions and identities leave over, dealt anew "
            "within identities; with a group as above; from texts what concepts leave over. Holm over all cells of "
            "features. A feature that was picked because it is active in an emotion lies along that emotion, and p "
            "says nothing new of it."
        )
    for factor, reason in dict.fromkeys((w.factor, w.reason) for one in found.values() for w in one.without):
        yield f"Nothing is told of {factor}: {reason}."


def _answers(outcomes: Sequence[BiasOutcome]) -> Table:
    """What is answered is the same in every array of a capture: told once."""
    rated = {one.rated: one for one in angles_in(outcomes).values() if not isinstance(one.rated, Skipped)}
    items = tuple(dict.fromkeys(shift.item for one in rated.values() for cell in one.cells for shift in cell.shifts))
    shifted = zip(column_names("shift", items), items, strict=True)
    return Table(
        id="bias-answers",
        title="What the rater answers of the same emotions and groups",
        part=Part.INSIDE,
        columns=(
            section("rater", "Rater"),
            stub("cell", "Emotion, group"),
            bounded("label", "Label given more often"),
            *(points(name, f"{heading(item)} shifted") for name, item in shifted),
        ),
        rows=tuple(
            (f"{who.rater}, {who.protocol}", f"{cell.emotion}, {cell.group}", cell.label, *_shifts(cell, items))
            for who, one in rated.items()
            for cell in one.cells
        ),
        notes=(
            "Of all pictures of the capture. Label given more often: how much more probable (where the rater told no "
            "probabilities: more frequent) the emotion's label is for pictures of the group than for all others, "
            "within each emotion shown, averaged over them. Shifted: (rater − people) in the group's pictures of the "
            "emotion minus the same in all others', in scale points. t intervals with a standard error over "
            "identities (CR2).",
        ),
    )


def _features(outcomes: Sequence[BiasOutcome]) -> Table:
    told = [
        (name, found, feature, cell)
        for name, found in angles_in(outcomes).items()
        if found.features is not None
        for feature in found.features.features
        for cell in feature.cells
    ]
    items = tuple(dict.fromkeys(shift.item for *_, cell in told for shift in cell.shifts))
    return Table(
        id="bias-features",
        title="Where features are active, and what the rater answers there",
        part=Part.INSIDE,
        columns=(
            section("feature", "Feature"),
            stub("other", "Emotion or group"),
            bounded("active", "More often active"),
            bounded("label", "Label given more often"),
            *(
                points(name, f"{heading(item)} shifted")
                for name, item in zip(column_names("shift", items), items, strict=True)
            ),
        ),
        rows=tuple(
            (_active(name, found, feature), cell.other, cell.active, cell.label, *_shifts(cell, items))
            for name, found, feature, cell in told
        ),
        notes=tuple(_notes_of_features(answered=any(cell.label is not None for *_, cell in told))),
    )


def _notes_of_features(*, answered: bool) -> Iterator[str]:
    yield (
        "More often active: the share of pictures of the emotion in which the feature is active less that of all other "
        "pictures; of a group within each emotion shown, averaged over them."
    )
    if answered:
        yield (
            "Label given more often: how much more probable (where the rater told no probabilities: more frequent) the "
            "emotion's label is where the feature is active than where it is not, within each emotion that shows two "
            "people or more on both sides, averaged over them. Shifted: (rater − people) in the emotion's pictures in "
            "which it is active minus the same in the others, in scale points. No label or shift is told of groups."
        )
    yield "t intervals with a standard error over identities (CR2)."


def _active(name: str, found: BiasFound, feature: FeatureAngles) -> str:
    return f"{feature.feature} at {place_of(name, found)}: active in {feature.images} pictures"


def _shifts(cell: BiasCell | FeatureCell, items: Sequence[str]) -> tuple[Cell, ...]:
    told = {shift.item: shift.bias for shift in cell.shifts}
    return tuple(told.get(item) for item in items)


def _together(outcomes: Sequence[BiasOutcome]) -> Table:
    return Table(
        id="bias-together",
        title="Do cosines and answers go together, cell by cell?",
        part=Part.INSIDE,
        columns=(
            section("array", "Read at"),
            stub("between", "Between"),
            count("cells", "Cells"),
            bounded("rho", "Spearman ρ"),
            p_value("p", "p"),
            p_value("p_holm", "p Holm"),
            p_value("p_dealt", "p of dealt groups"),
        ),
        rows=tuple(
            (head, _between(one), one.cells, one.rho, one.p, one.p_holm, one.p_dealt)
            for name, found in angles_in(outcomes).items()
            for head, found_there in _correspondences(name, found)
            for one in found_there
        ),
        notes=(
            "Over all cells of an emotion and a group, or of an emotion and a feature, where the label is that given "
            "more often in pictures in which the feature is active. p of either sign: the share of the orders of "
            "emotions on one side in which ρ is as large, Holm over the three rows under a heading. p of dealt "
            "groups: of divisions of the same identities into groups by chance, cosines and answers both computed "
            "again; it is high where the model reads its answers off these directions whoever is shown. Intervals from "
            "drawing identities.",
        ),
    )


def _correspondences(name: str, found: BiasFound) -> Iterator[tuple[str, tuple[Correspondence, ...]]]:
    yield name, found.correspondences
    if found.features is not None:
        yield f"{name}, features of {found.features.dictionary}", found.features.correspondences


def _between(one: Correspondence) -> str:
    return f"{BETWEEN[one.first]} and {BETWEEN[one.second]}"
