"""Emotions, groups and features inside a model: their cosines, beside the labels that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.apa import bounded, p_value
from vlmrate.report.figures.canvas import Grid, margin, new_drawing
from vlmrate.report.figures.figure import Figure
from vlmrate.report.figures.heat import cosines
from vlmrate.report.figures.style import BAND, COLOURS, DOUBLE, FAINT, FONT, PEOPLE, SMALL
from vlmrate.report.figures.words import drawn_of, fitted, plain, sentences
from vlmrate.report.table import Part
from vlmrate.report.tables.angles import angles_in, place_of, texts_given
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.angles import BiasCell, BiasFound, BiasOutcome
    from vlmrate.probe.featured import FeatureCell, FeaturesFound

MOST = 4
"""Arrays that one figure holds."""
MOST_FEATURES = 5
"""Features that one figure holds."""
LONGEST = 14
CELL = 0.27
"""Inches of a cell's height."""
HELD = 0.05
TITLES = ("From pictures", "From texts", "Cosine and label given")


@dataclass(frozen=True, slots=True)
class _Panel:
    """A matrix of cells, row after row, and the sizes that cosines do not exceed by chance, each with its shade."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[BiasCell | FeatureCell, ...]
    texts: int | Skipped
    chance: tuple[tuple[float, str], ...]

    @classmethod
    def of_groups(cls, name: str, found: BiasFound) -> _Panel:
        """Emotions by groups."""
        rows = tuple(dict.fromkeys(cell.emotion for cell in found.cells))
        columns = tuple(dict.fromkeys(cell.group for cell in found.cells))
        chance = ((found.dealt, BAND), (found.random, FAINT))
        return cls(place_of(name, found), rows, columns, found.cells, found.texts, chance)

    @classmethod
    def of_features(cls, name: str, found: BiasFound, features: FeaturesFound) -> _Panel:
        """Emotions and groups by the first features."""
        first = features.features[:MOST_FEATURES]
        cells = [feature.cells[row] for row in range(len(first[0].cells)) for feature in first]
        return cls(
            f"{place_of(name, found)}, {features.dictionary}",
            tuple(cell.other for cell in first[0].cells),
            tuple(feature.feature for feature in first),
            tuple(cells),
            found.texts,
            ((found.random, FAINT),),
        )


def bias_figures(outcomes: Sequence[BiasOutcome]) -> Iterator[Figure]:
    """One figure of the first arrays and one of features where there are any; none where every array was skipped."""
    found = angles_in(outcomes)
    if not found:
        return
    shown = dict(list(found.items())[:MOST])
    texts = texts_given(shown.values())
    yield Figure(
        id="fig-bias-angles",
        title="Emotions and groups of people shown inside the model, and its answers",
        part=Part.INSIDE,
        caption=sentences(
            f"{'Left and middle' if texts else 'Left'}: cosines of the directions of emotions and groups, from pictures"
            f"{' and from texts' if texts else ''}; bold where p ≤ .05 with Holm's correction over cells. Right: "
            "each cell's cosine from pictures and how much more often (by probability where known) the rater gives the "
            "emotion's label to the group's pictures than to all others, within each emotion shown; "
            "the light band holds 95 % of the cosines where "
            "groups are dealt anew, the darker one those of a random direction.",
            *(_told(name, one) for name, one in shown.items()),
            drawn_of(len(shown), len(found), "the first arrays"),
        ),
        alt=sentences(
            f"For each array {'two matrices' if texts else 'a matrix'} of cosines, emotions by groups, and a scatter "
            "of cosines against how much more often labels are given.",
            *(_told(name, one) for name, one in shown.items()),
        ),
        draw=partial(_draw, [_Panel.of_groups(name, one) for name, one in shown.items()], texts=texts),
    )
    yield from _features(found)


def _features(found: Mapping[str, BiasFound]) -> Iterator[Figure]:
    """A dictionary is for one array, so that there is one at most."""
    for name, one in found.items():
        if (features := one.features) is None:
            continue
        texts, number = texts_given([one]), len(features.features)
        told = f"Dictionary {features.dictionary}: {_clear([c for f in features.features for c in f.cells])}."
        yield Figure(
            id="fig-bias-features",
            title="Features of a dictionary: emotions and groups of people shown, and the model's answers",
            part=Part.INSIDE,
            caption=sentences(
                f"{'Left and middle' if texts else 'Left'}: cosines of features with the directions of emotions and "
                f"groups, from pictures{' and from texts' if texts else ''}; bold where p ≤ .05 with Holm's correction "
                "over cells. Right: each cosine with an emotion, and how much more often (by probability where known) "
                "the rater gives its label where the feature is active than where it is not, within each emotion "
                "shown; the band holds 95 % of the cosines with a random direction.",
                told,
                drawn_of(min(number, MOST_FEATURES), number, "the first features"),
            ),
            alt=sentences(
                f"{'Two matrices' if texts else 'A matrix'} of cosines, emotions and groups by features, and a scatter "
                "of cosines against how much more often labels are given.",
                told,
            ),
            draw=partial(_draw, [_Panel.of_features(name, one, features)], texts=texts),
        )


def _clear(cells: Sequence[BiasCell | FeatureCell]) -> str:
    clear = [cell for cell in cells if cell.p_holm <= HELD and isinstance(cell.cosine, Estimate)]
    return f"{len(clear)} of {len(cells)} cosines from pictures differ from 0 (Holm)"


def _told(name: str, found: BiasFound) -> str:
    told = f"{name}: {_clear(found.cells)}"
    together = next((one for one in found.correspondences if one.second == "labels" and one.p is not None), None)
    if together is None or not isinstance(together.rho, Estimate):
        return f"{told}."
    p = p_value(together.p or 0.0)
    sign = "" if p.startswith("<") else "= "
    return f"{told}; Spearman's ρ with the labels given {bounded(together.rho.value)}, p {sign}{p}."


def _draw(panels: Sequence[_Panel], *, texts: bool) -> Drawing:
    rows = [plain(name, LONGEST) for name in panels[0].rows]
    left = margin(rows, SMALL) + 0.02
    height = max(1.3, CELL * len(rows))
    # As wide as three would be: two wider ones would not hold more.
    wide = (DOUBLE - left - 0.1 - 0.2 - 0.65) / 3
    lefts = (left, left + wide + 0.2, left + 2 * wide + 0.85) if texts else (left, left + wide + 0.65)
    grid = Grid(
        len(panels),
        len(lefts),
        wide,
        height,
        left=left,
        right=0.1,
        top=0.52,
        bottom=0.75,
        down=0.62,
        across=0.425 if texts else 0.65,
    )
    drawing = new_drawing(grid)
    for number, panel in enumerate(panels):
        y = grid.height - grid.top - height - number * (height + grid.down)
        places = [(x / grid.width, y / grid.height, wide / grid.width, height / grid.height) for x in lefts]
        pictures, *written, scatter = map(drawing.add_axes, places)
        drawing.text(
            0.02, (y + height + (0.3 if number == 0 else 0.1)) / grid.height,
            fitted(panel.title, grid.width - 0.1, FONT), fontsize=FONT, fontweight="bold", va="bottom",
        )  # fmt: skip
        _matrices(pictures, written, panel, last=number == len(panels) - 1)
        _scatter(scatter, panel)
        if number == 0:
            for axes, words in zip((pictures, *written, scatter), TITLES if texts else TITLES[::2], strict=True):
                axes.set_title(words)
    return drawing


def _matrices(pictures: Axes, texts: Sequence[Axes], panel: _Panel, *, last: bool) -> None:
    shape = (len(panel.rows), len(panel.columns))
    names, columns = ([plain(name, LONGEST) for name in side] for side in (panel.rows, panel.columns))
    values = np.array([_number(cell.cosine) for cell in panel.cells]).reshape(shape)
    held = np.array([cell.p_holm <= HELD for cell in panel.cells]).reshape(shape)
    cosines(pictures, values, names, columns, held)
    values = np.array([_number(cell.text) for cell in panel.cells]).reshape(shape)
    held = np.array([cell.text_p_holm is not None and cell.text_p_holm <= HELD for cell in panel.cells]).reshape(shape)
    for axes in texts:
        cosines(axes, values, names, columns, held)
        if isinstance(panel.texts, Skipped):
            axes.text(0.5, 0.5, "no such texts", transform=axes.transAxes, ha="center", fontsize=SMALL, color=PEOPLE)
        axes.tick_params(labelleft=False)
    for axes in (pictures, *texts):
        axes.tick_params(labelbottom=last)


def _scatter(axes: Axes, panel: _Panel) -> None:
    both = [(_number(cell.cosine), _number(cell.label)) for cell in panel.cells]
    for within, shade in panel.chance:
        axes.axvspan(-within, within, color=shade, linewidth=0, zorder=0)
    axes.axhline(0, color=PEOPLE, linewidth=0.5, zorder=1)
    axes.plot([x for x, _ in both], [y for _, y in both], linestyle="none", marker="o", color=COLOURS[0], zorder=2)
    if not np.isfinite([y for _, y in both]).any():
        axes.text(0.5, 0.6, "no answers", transform=axes.transAxes, ha="center", fontsize=SMALL, color=PEOPLE)
        axes.set_yticks([])
    axes.set_xlim(-1.03, 1.03)
    axes.set_xlabel("cosine from pictures")
    axes.set_ylabel("label given more often")


def _number(outcome: object) -> float:
    return outcome.value if isinstance(outcome, Estimate) else float("nan")
