"""Emotions and groups inside a model: their cosines from pictures and from texts, beside the labels that it gives."""

from __future__ import annotations

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
from vlmrate.report.tables.angles import angles_in, texts_given
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from vlmrate.probe.angles import BiasFound, BiasOutcome

MOST = 4
"""Arrays that one figure holds."""
LONGEST = 14
CELL = 0.27
"""Inches of a cell's height."""
HELD = 0.05
TITLES = ("From pictures", "From texts", "Cosine and label given")


def bias_figures(outcomes: Sequence[BiasOutcome]) -> Iterator[Figure]:
    """One figure of the first arrays; none where every one was skipped."""
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
        draw=partial(_draw, shown),
    )


def _told(name: str, found: BiasFound) -> str:
    clear = [cell for cell in found.cells if cell.p_holm <= HELD and isinstance(cell.cosine, Estimate)]
    told = f"{name}: {len(clear)} of {len(found.cells)} cosines from pictures differ from 0 (Holm)"
    together = next((one for one in found.correspondences if one.second == "labels" and one.p is not None), None)
    if together is None or not isinstance(together.rho, Estimate):
        return f"{told}."
    p = p_value(together.p or 0.0)
    sign = "" if p.startswith("<") else "= "
    return f"{told}; Spearman's ρ with the labels given {bounded(together.rho.value)}, p {sign}{p}."


def _draw(shown: Mapping[str, BiasFound]) -> Drawing:
    first = next(iter(shown.values()))
    emotions = _names(first)[0]
    left = margin([plain(name, LONGEST) for name in emotions], SMALL) + 0.02
    height = max(1.3, CELL * len(emotions))
    given = texts_given(shown.values())
    # As wide as three would be: two wider ones would not hold more.
    wide = (DOUBLE - left - 0.1 - 0.2 - 0.65) / 3
    lefts = (left, left + wide + 0.2, left + 2 * wide + 0.85) if given else (left, left + wide + 0.65)
    titles = TITLES if given else (TITLES[0], TITLES[-1])
    grid = Grid(
        len(shown),
        len(lefts),
        wide,
        height,
        left=left,
        right=0.1,
        top=0.52,
        bottom=0.75,
        down=0.62,
        across=0.425 if given else 0.65,
    )
    drawing = new_drawing(grid)
    for row, (name, found) in enumerate(shown.items()):
        y = grid.height - grid.top - height - row * (height + grid.down)
        pictures, *texts, scatter = (
            drawing.add_axes((x / grid.width, y / grid.height, wide / grid.width, height / grid.height)) for x in lefts
        )
        drawing.text(
            0.02, (y + height + (0.3 if row == 0 else 0.1)) / grid.height,
            fitted(_where(name, found), grid.width - 0.1, FONT), fontsize=FONT, fontweight="bold", va="bottom",
        )  # fmt: skip
        _matrices(pictures, texts, found, last=row == len(shown) - 1)
        _scatter(scatter, found)
        scatter.set_xlabel("cosine from pictures")
        if row == 0:
            for axes, words in zip((pictures, *texts, scatter), titles, strict=True):
                axes.set_title(words)
    return drawing


def _where(name: str, found: BiasFound) -> str:
    return f"{name}, layer {found.layer}" if len(found.layers) > 1 else name


def _names(found: BiasFound) -> tuple[list[str], list[str]]:
    return [*dict.fromkeys(c.emotion for c in found.cells)], [*dict.fromkeys(c.group for c in found.cells)]


def _matrices(pictures: Axes, texts: Sequence[Axes], found: BiasFound, *, last: bool) -> None:
    emotions, groups = _names(found)
    shape = (len(emotions), len(groups))
    names = [plain(name, LONGEST) for name in emotions]
    columns = [plain(name, LONGEST) for name in groups]
    values = np.array([_number(cell.cosine) for cell in found.cells]).reshape(shape)
    held = np.array([cell.p_holm <= HELD for cell in found.cells]).reshape(shape)
    cosines(pictures, values, names, columns, held)
    values = np.array([_number(cell.text) for cell in found.cells]).reshape(shape)
    held = np.array([cell.text_p_holm is not None and cell.text_p_holm <= HELD for cell in found.cells]).reshape(shape)
    for axes in texts:
        cosines(axes, values, names, columns, held)
        if isinstance(found.texts, Skipped):
            axes.text(0.5, 0.5, "no such texts", transform=axes.transAxes, ha="center", fontsize=SMALL, color=PEOPLE)
        axes.tick_params(labelleft=False)
    for axes in (pictures, *texts):
        axes.tick_params(labelbottom=last)


def _scatter(axes: Axes, found: BiasFound) -> None:
    both = [(_number(cell.cosine), _number(cell.label)) for cell in found.cells]
    for within, shade in ((found.dealt, BAND), (found.random, FAINT)):
        axes.axvspan(-within, within, color=shade, linewidth=0, zorder=0)
    axes.axhline(0, color=PEOPLE, linewidth=0.5, zorder=1)
    axes.plot([x for x, _ in both], [y for _, y in both], linestyle="none", marker="o", color=COLOURS[0], zorder=2)
    if not np.isfinite([y for _, y in both]).any():
        axes.text(0.5, 0.6, "no answers", transform=axes.transAxes, ha="center", fontsize=SMALL, color=PEOPLE)
        axes.set_yticks([])
    axes.set_xlim(-1.03, 1.03)
    axes.set_ylabel("label given more often")


def _number(outcome: object) -> float:
    return outcome.value if isinstance(outcome, Estimate) else float("nan")
