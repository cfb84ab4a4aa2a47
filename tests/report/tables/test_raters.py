"""Tables on limits, calibration, split bias, collapse, replacement and comparison: their words, numbers and reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.left_out import left_out
from vlmrate.report.table import Part
from vlmrate.report.tables import tables
from vlmrate.report.tables.bias import bias_tables
from vlmrate.report.tables.replacement import in_words
from vlmrate.stats import Bootstrap, Estimate, Share, Skipped
from vlmrate.study.records import Item, Labels

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))
OF_AN_ITEM = {
    *("limits", "calibration", "calibration-lines", "split", "collapse", "distances", "replacement", "equivalence"),
    *("ranking-r", "ranking-mae", "differences-r", "differences-mae"),
}


@pytest.fixture(scope="module")
def analysis(lasting):
    """Two raters beside people: one that is near to them but for fear, and one with noise and probabilities."""
    study = lasting.study(10)
    study = replace(study, ratings=lasting.people(study, 8))
    biased = lasting.rater(study, "gemma3", bias={"fear": 2.0}, noise=0.2)
    noisy = [row | {"expected": row["value"]} for row in lasting.rater(study, "llama", noise=2.5, seed=4)]
    for row in noisy:
        row["expected"] = row["value"] if row["item"] != "emotion" else None
    return analyze(study, lasting.results(biased, noisy), QUICK)


def named(analysis):
    """The tables by id."""
    return {table.id: table for table in tables(analysis)}


def column(table, name):
    """The cells of a column."""
    place = [column.name for column in table.columns].index(name)
    return [row[place] for row in table.rows]


def test_each_question_has_its_tables(analysis):
    """Every item with a scale has all of them, and labels have a ranking by kappa."""
    found = named(analysis)
    for item in ("valence", "arousal"):
        assert {f"{one}-{item}" for one in OF_AN_ITEM} | {f"decoding-{item}"} <= set(found)
    assert {"ranking-kappa-emotion", "strength-valence-arousal", "inversions-valence-arousal"} <= set(found)
    assert found["replacement-valence"].part is Part.REPLACEMENT
    assert found["collapse-valence"].part is Part.SPREAD


def test_rows_fit_columns_and_spanners_name_columns(analysis):
    """Every row has a cell a column; every spanner stands over columns that are there."""
    for table in tables(analysis):
        names = [column.name for column in table.columns]
        assert {len(row) for row in table.rows} <= {len(names)}, table.id
        assert {name for spanner in table.spanners for name in spanner.columns} <= set(names), table.id


def test_the_verdict_is_in_words_and_names_what_speaks_against_it(analysis):
    """A rater near to people but in fear may not stand in without correction there; one with noise is no."""
    gemma, llama, same = column(named(analysis)["replacement-valence"], "verdict")
    assert gemma.startswith("not without correction (biased: fear")
    assert llama == "no: people are nearer"
    assert same is None
    assert column(named(analysis)["replacement-valence"], "rater")[-1].startswith("(always ")


def test_every_verdict_has_words(analysis):
    """Each verdict reads differently, and none is an empty cell."""
    entry = analysis.replacement[0].raters[0]
    told = {in_words(replace(entry, verdict=verdict)) for verdict in ("yes", "biased", "not shown", "no", "unknown")}
    assert len(told) == 5
    assert all(told)


def test_numbers_are_the_analysis(analysis):
    """A cell is the estimate, share or p-value it stands for, not a copy of its words."""
    found, limits = named(analysis), analysis.limits[0].raters[0]
    assert column(found["limits-valence"], "lower")[0] is limits.means.lower
    assert column(found["limits-valence"], "person_upper")[0] is limits.one_person.upper
    assert column(found["limits-valence"], "slope_p_holm")[0] == limits.slope_holm.p_adjusted
    stand_in = analysis.replacement[0].raters[0].stand_in
    assert column(found["replacement-valence"], "won")[0] is stand_in.won
    assert isinstance(stand_in.won, Share)
    overall = analysis.calibration[0].raters[0].overall
    assert column(found["calibration-valence"], "mae")[:2] == [overall.before.mae, overall.after.mae]
    r = analysis.comparison[1]
    assert column(found["ranking-r-valence"], "value") == [entry.value for entry in r.raters]
    assert column(found["differences-r-valence"], "difference")[0] is r.pairs[0].difference


def test_families_are_named_in_the_notes(analysis):
    """Whoever reads a corrected p learns over how many tests: 14 of equivalence, 2 slopes, 1 pair."""
    found = named(analysis)
    assert analysis.replacement[0].family_size == 14
    assert any("over the 14 tests" in note for note in found["equivalence-valence"].notes)
    assert any("over 2 slopes" in note for note in found["limits-valence"].notes)
    assert any(
        "0.50 points (vlmrate's default, a sixteenth of the range" in n for n in found["equivalence-valence"].notes
    )


def test_all_images_stand_last_and_emotions_before(analysis):
    """Tables by emotion end with the row over all images, whichever stands first in the analysis."""
    for name in ("equivalence-valence", "distances-valence", "split-valence", "decoding-valence"):
        rows = column(named(analysis)[name], "emotion")
        assert rows[-1] == "all images", name
        assert rows[0] == "happy", name


def test_where_the_collapse_lies_is_said(small):
    """A rater of one number an emotion is called collapsed, and without probabilities no more is claimed."""
    study = small.study(8)
    study = replace(study, ratings=small.people(study))
    found = named(analyze(study, small.results(small.rater(study, noise=0.0)), QUICK))
    assert set(column(found["collapse-valence"], "verdict")) == {"collapsed"}
    assert any("model, where the collapse lies: not known" in note for note in found["collapse-valence"].notes)
    assert "decoding-valence" not in found


def test_means_of_people_leave_reasons_and_not_gaps(small):
    """Without single ratings the cells that need them say so, and the rest is there."""
    study = small.study(8)
    study = replace(study, ratings=small.aggregated(small.people(study)))
    found = named(analyze(study, small.results(small.rater(study)), QUICK))
    (verdict,) = column(found["replacement-valence"], "verdict")
    (won,) = column(found["replacement-valence"], "won")
    assert verdict == "cannot be told"
    assert won == Skipped("people's single ratings are not at hand, only their means")
    assert isinstance(column(found["equivalence-valence"], "bias")[0], Estimate)
    assert column(found["limits-valence"], "person_lower") == [won]


def test_questions_that_cannot_be_answered_are_told(small):
    """Without people each part of the report says what it leaves out, and there are no tables in its place."""
    study = small.study(6)
    analysis = analyze(study, small.results(small.rater(study)), QUICK)
    shown = tables(analysis)
    told = {part: " ".join(left_out(analysis, part, shown)) for part in Part}
    reason = "the study has no ratings by people"
    assert f"Limits of agreement: {reason}" in told[Part.AGREEMENT]
    assert f"Calibration: {reason}" in told[Part.AGREEMENT]
    assert f"Bias by right and wrong label: {reason}" in told[Part.BIAS]
    assert f"Standing in for a person: {reason}" in told[Part.REPLACEMENT]
    assert f"Strength on one scale and another: {reason}" in told[Part.COMPARISON]
    assert not [table.id for table in shown if table.id.startswith(("collapse", "distances", "decoding"))]


def test_one_rater_has_no_ranking(small):
    """A ranking of one is no ranking: there is no table of it, and the reason is told."""
    study = small.study(6)
    study = replace(study, ratings=small.people(study))
    analysis = analyze(study, small.results(small.rater(study)), QUICK)
    shown = tables(analysis)
    assert not [table.id for table in shown if table.id.startswith(("ranking", "differences"))]
    assert "a comparison needs two raters" in " ".join(left_out(analysis, Part.COMPARISON, shown))


def test_labels_called_as_other_columns_have_columns_of_their_own(small):
    """Labels such as n, rater, "not sure" beside not-sure: every table has each of its columns once."""
    labels = ("n", "rater", "not sure", "not-sure", "accuracy", "x")
    item = Item("emotion", Labels(labels), intended="emotion")
    study = small.study(4, emotions=labels, items=(item,))
    rows = [
        {**row, "value": labels[i % 6]}
        for i, row in enumerate(small.rater(small.study(4), "m"))
        if row["item"] == "emotion"
    ]
    rows = [{**row, "image_id": stimulus.image_id} for row, stimulus in zip(rows, study.stimuli, strict=True)]
    told = named(analyze(study, small.results(rows), QUICK))
    names = [column.name for column in told["confusion-emotion"].columns]
    assert names[2:6] == ["answer_n", "answer_rater", "answer_not-sure", "answer_not-sure-2"]
    assert {"label_n", "label_accuracy"} <= {column.name for column in told["accuracy-groups-emotion"].columns}


def test_the_bias_over_all_images_stands_with_its_test(analysis):
    """The row of all images has p and Holm's p, over the raters and not over the emotions; the note counts them."""
    (table,) = [table for table in bias_tables(analysis) if table.id == "bias-valence"]
    names = [column.name for column in table.columns]
    item = analysis.bias[0]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows if row[1] == "all images"]
    assert [(row["p"], row["p_holm"]) for row in rows] == [
        (entry.overall_test.p_value, entry.overall_holm.p_adjusted) for entry in item.raters
    ]
    assert item.overall_family_size == len(rows) == 2
    assert any("over the 2 tests of all images" in note for note in table.notes)
