"""Analyses that the tests of figures share: made once, for nothing changes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import Analysis, AnalysisOptions, analyze
from vlmrate.report.figures import Figure, figures
from vlmrate.stats import Bootstrap
from vlmrate.study.records import Factors, Item, Likert

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=100))


@pytest.fixture(scope="session")
def made() -> dict[str, Analysis]:
    """Analyses already made."""
    return {}


@pytest.fixture
def analysis(small, made) -> Analysis:
    """Two raters beside people: one rates fear two points too low, the other gives one invalid answer."""
    if "two" not in made:
        study = small.study(8)
        study = replace(study, ratings=small.people(study, 6))
        rows = [
            small.rater(study, "gemma3", bias={"fear": -2.0}),
            small.rater(study, "llama3.2-vision", noise=1.5, seed=4),
        ]
        rows[1][0]["value"] = None
        rows[1][3]["value"] = "fear"
        for row in rows[0]:
            row["expected"] = row["value"] if row["item"] != "emotion" else None
        made["two"] = analyze(study, small.results(*rows), QUICK)
    return made["two"]


@pytest.fixture
def plain(small, made) -> Analysis:
    """One rater, one item, no people, no emotions, no groups."""
    if "plain" not in made:
        study = small.study(6, items=(Item("attractiveness", Likert(1, 7)),), factors=Factors())
        made["plain"] = analyze(study, small.results(small.rater(study)), QUICK)
    return made["plain"]


@pytest.fixture
def figure_of(analysis):
    """The figure with an id."""

    def find(name: str) -> Figure:
        (found,) = (figure for figure in figures(analysis) if figure.id == name)
        return found

    return find
