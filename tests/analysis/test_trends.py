"""Scores by size within a family."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.document import document
from vlmrate.report.outline import outline
from vlmrate.stats import Bootstrap, Estimate, Skipped

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))
SIZES = {"small": "4B", "middle": "12B", "large": "27B", "other": "11B"}
FAMILIES = {"other": "Other"}


def report(analysis) -> str:
    """The whole report in Markdown."""
    return document(analysis, outline(analysis))


@pytest.fixture(scope="module")
def results(lasting):
    """Three sizes of one family, the larger the less noise and the fewer wrong labels, and a rater of another."""
    study = lasting.study(20)
    given = []
    for position, name in enumerate(SIZES):
        rows = lasting.rater(study, name, noise=(2.0, 1.0, 0.3, 1.0)[position], seed=position)
        wrong = (60, 30, 10, 0)[position]
        for row in rows:
            if row["item"] == "emotion" and wrong:
                row["value"] = "neutral" if row["value"] != "neutral" else "sad"
                wrong -= 1
        given.append(rows)
    found = lasting.results(*given)
    runs = tuple(
        replace(
            run, settings={"family": "Other" if run.rater == "other" else "Gemma 3", "parameters": SIZES[run.rater]}
        )
        for run in found.runs
    )
    return replace(study, ratings=lasting.people(study)), replace(found, runs=runs)


@pytest.fixture(scope="module")
def analysis(results):
    """Their analysis."""
    return analyze(*results, QUICK)


def test_larger_models_of_the_family_are_better(analysis):
    """Accuracy and r grow, the error falls with each doubling; the raters stand in the order of their size."""
    emotion, valence, _ = analysis.trends
    assert [rater.rater for rater in emotion.raters] == ["small", "middle", "large"]
    assert emotion.accuracy.ci_low > 0
    assert emotion.r is None
    assert valence.r.ci_low > 0
    assert valence.mae.ci_high < 0
    assert (emotion.family, emotion.protocol) == ("Gemma 3", "context-carry")


def test_the_report_names_the_sizes(analysis):
    """Who was compared stands in the row."""
    assert "4B (small), 12B (middle), 27B (large)" in report(analysis)


def test_one_size_is_no_trend(small):
    """Raters without a size, or alone in their family, have none."""
    study = small.study(4)
    analysis = analyze(study, small.results(small.rater(study)), QUICK)
    assert isinstance(analysis.trends, Skipped)


def test_protocols_are_not_mixed(results, small):
    """A size that was asked under another protocol is not part of the trend."""
    study, found = results
    other = found.ratings.assign(protocol=found.ratings["protocol"].where(found.ratings["rater"] != "large", "json"))
    runs = tuple(replace(run, protocol="json") if run.rater == "large" else run for run in found.runs)
    trend, *_ = analyze(study, replace(found, ratings=other, runs=runs), QUICK).trends
    assert [rater.rater for rater in trend.raters] == ["small", "middle"]
    assert isinstance(trend.accuracy, Estimate)
