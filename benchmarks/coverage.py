"""How often 95 % intervals hold the truth, statistic by statistic, over simulated studies: a table and a figure.

`python benchmarks/coverage.py` takes some minutes on one core; the same seeds give the same figure. Few raters, drawn
anew for every study, are examined by `benchmarks/crossed.py`.
"""

from __future__ import annotations

import argparse
import time
from itertools import groupby
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from vlmrate.simulate.coverage import Coverage, coverage
from vlmrate.simulate.planted import STUDY
from vlmrate.simulate.targets import targets

FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "coverage.svg"
LEAST, MOST = 0.92, 0.98
INK, MUTED, BAND = "#1b1b1b", "#6b6b6b", "#e8eef5"
COLOURS = ("#2a5d9f", "#b4541a")
"""Of statistics whose truth is planted, and of those whose truth is read off simulations."""


def main() -> None:
    """Command line: examine, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=800)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args()
    start = time.perf_counter()
    examined = coverage(STUDY, targets(), studies=options.studies, resamples=options.resamples)
    print(table(examined))
    outside = [told.target.name for told in examined if not LEAST <= told.share <= MOST]
    print(f"\n{options.studies} studies, {options.resamples} resamples, {time.perf_counter() - start:.0f} s")
    print(f"outside {LEAST:.0%} to {MOST:.0%}: {', '.join(outside) or 'none'}")
    draw(examined, options.figure)


def table(examined: tuple[Coverage, ...]) -> str:
    """The table, in Markdown."""
    rows = ["| statistic | truth | planted | mean error | mean width | coverage | too low | too high |"]
    rows.append("|---|--:|---|--:|--:|--:|--:|--:|")
    rows += [
        f"| {told.target.name} | {told.truth:.4f} | {origin(told)} | {told.bias:+.4f} | {told.width:.4f} "
        f"| {told.share:.3f} | {told.below} | {told.above} |"
        for told in examined
    ]
    return "\n".join(rows)


def origin(told: Coverage) -> str:
    """Where the truth comes from."""
    if told.target.planted is not None:
        return "yes"
    return "mean of the studies" if told.target.of_this_size else "large studies"


def draw(examined: tuple[Coverage, ...], path: Path) -> None:
    """One dot a statistic with its Monte Carlo interval, group under group."""
    lines: list[str | Coverage] = []
    for group, members in groupby(examined, key=lambda told: told.target.group):
        lines += [group, *members]
    with mpl.rc_context(
        {"svg.hashsalt": "coverage", "svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif"}
    ):
        figure, axes = plt.subplots(figsize=(7.2, 0.165 * len(lines) + 0.9), layout="constrained")
        axes.axvspan(LEAST, MOST, color=BAND, zorder=0)
        axes.axvline(0.95, color=MUTED, linewidth=0.8, zorder=1)
        for place, line in enumerate(lines):
            if not isinstance(line, str):
                colour = COLOURS[line.target.planted is None]
                axes.errorbar(
                    line.share,
                    place,
                    xerr=1.96 * line.monte_carlo_error,
                    fmt="o",
                    markersize=3.5,
                    linewidth=0.8,
                    color=colour,
                )
        axes.set_yticks(range(len(lines)), [line if isinstance(line, str) else line.target.name for line in lines])
        for label, line in zip(axes.get_yticklabels(), lines, strict=True):
            label.set(fontweight="bold" if isinstance(line, str) else "normal", color=INK)
        axes.set(xlim=(0.88, 1.0), ylim=(len(lines) - 0.3, -0.7))
        axes.set_xlabel(f"share of 95 % intervals that hold the truth, over {examined[0].studies:,} simulated studies")
        for told, colour in zip(("truth planted in closed form", "truth read off simulations"), COLOURS, strict=True):
            axes.plot([], [], "o", markersize=3.5, color=colour, label=told)
        figure.legend(loc="outside upper right", ncols=2, frameon=False)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
