"""One rater under several protocols."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.document import document
from vlmrate.report.outline import outline
from vlmrate.stats import Bootstrap, Skipped
from vlmrate.study.records import Factors, Item, Labels

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


def report(analysis) -> str:
    """The whole report in Markdown."""
    return document(analysis, outline(analysis))


@pytest.fixture(scope="module")
def study(lasting):
    """Ten identities with people."""
    made = lasting.study(10)
    return replace(made, ratings=lasting.people(made))


@pytest.fixture(scope="module")
def analysis(lasting, study):
    """A rater asked twice: single-shot calls sad neutral, and rates valence 1 higher throughout."""
    rows = lasting.rater(study)
    other = []
    for row in rows:
        value = row["value"]
        if value == "sad":
            value = "neutral"
        elif row["item"] == "valence":
            value += 1
        other.append(row | {"protocol": "single-shot", "value": value})
    return analyze(study, lasting.results(rows, other), QUICK)


def test_labels_that_differ_are_counted_and_scored(analysis):
    """50 of 60 labels agree; context-carry is right in 10 more of 60 images."""
    (emotion,) = (item.pairs for item in analysis.protocols if item.item == "emotion")
    (pair,) = emotion
    assert (pair.rater, pair.first, pair.second, pair.n) == ("model", "context-carry", "single-shot", 60)
    assert pair.labels.same.value == pytest.approx(50 / 60)
    assert pair.labels.accuracy.value == pytest.approx(10 / 60)
    assert pair.labels.kappa.value == pytest.approx(0.8, abs=1e-9)
    assert pair.numbers is None


def test_a_shift_is_found_and_costs_no_correlation(analysis):
    """One point higher everywhere: shift -1 (first minus second), r of the two 1, and no difference in r."""
    ((pair,),) = (item.pairs for item in analysis.protocols if item.item == "valence")
    assert pair.numbers.shift.value == pytest.approx(-1.0)
    assert pair.numbers.r.value == pytest.approx(1.0)
    assert pair.numbers.r_with_people.value == pytest.approx(0.0, abs=1e-9)
    assert pair.numbers.mae.value < 0


def test_the_report_tells_both(analysis):
    """A table for labels and one for numbers."""
    told = report(analysis)
    assert "| model | emotion | context-carry | single-shot | 60 | .833 [" in told
    assert "| model | valence | context-carry | single-shot | 60 | −1.00 [" in told


def test_different_raters_are_no_pair(small, study):
    """Two raters under two protocols differ in more than the protocol."""
    one = small.rater(study, "one")
    other = small.rater(study, "other", protocol="single-shot")
    analysis = analyze(study, small.results(one, other), QUICK)
    assert isinstance(analysis.protocols, Skipped)


def test_without_people_and_intended_answers_the_two_are_still_compared(small):
    """Agreement of the protocols needs nobody else; scores are Skipped."""
    items = (Item("emotion", Labels(("happy", "sad"))),)
    study = small.study(6, emotions=("happy", "sad"), items=items, factors=Factors())
    rows = small.rater(study)
    other = [row | {"protocol": "single-shot"} for row in rows]
    ((pair,),) = (item.pairs for item in analyze(study, small.results(rows, other), QUICK).protocols)
    assert pair.labels.same.value == 1.0
    assert isinstance(pair.labels.accuracy, Skipped)
