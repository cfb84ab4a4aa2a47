"""From an analysis to its files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.run_quality import Setting
from vlmrate.errors import AnalysisError
from vlmrate.report import Format, outline, tables, write_report
from vlmrate.report.document import document
from vlmrate.report.opening import SIMULATED
from vlmrate.report.show import show
from vlmrate.stats import Bootstrap
from vlmrate.study.records import Factors, Item, Likert

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


TABLES = (Format.JSON, Format.CSV, Format.MARKDOWN)


def report_of(analysis):
    """report.md as it is written without figures."""
    return document(analysis, outline(analysis))


def shown(analysis, *, terminal: bool, width: int = 80) -> str:
    """What the command prints."""
    console = Console(width=width, force_terminal=terminal, color_system=None, file=io.StringIO(), highlight=False)
    show(analysis, outline(analysis), console)
    return console.file.getvalue()


def test_every_table_of_the_study_is_there(analysis):
    """Classification, accuracy per label, agreement and bias per dimension and spread have the study's numbers."""
    ids = [table.id for table in tables(analysis)]
    assert len(set(ids)) == len(ids)
    for expected in (
        *("classification-emotion", "accuracy-emotion", "confusion-emotion", "pathways-emotion"),
        *("agreement-valence", "bias-valence", "agreement-arousal", "bias-arousal"),
        *("spread-valence", "spread-arousal", "reliability", "runs", "answers", "settings"),
        *("icc", "variance", "pairs-emotion", "bias-groups-valence", "bias-mixed-arousal", "coefficients-valence"),
    ):
        assert expected in ids


def test_rows_fit_their_columns(analysis):
    """Every row of every table has a cell for each column."""
    for table in tables(analysis):
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.id


def test_accuracy_prints_as_the_study_has_it(small):
    """1044 of 1440 right with one invalid answer prints .725 of all images, .726 of valid ones, 170/239 (71.1 %)."""
    study = small.study(240)
    wrong = {"fear": 5, "disgust": 38, "angry": 143, "sad": 210}
    rows = []
    for stimulus in study.stimuli:
        emotion = stimulus.factors["emotion"]
        left = wrong.get(emotion, 0)
        wrong[emotion] = left - 1
        answer = emotion if left <= 0 else None if (emotion, left) == ("sad", 1) else "neutral"
        if emotion == "sad" and 1 < left <= 40:
            answer = "fear"
        rows.append(small.row(stimulus.image_id, "emotion", answer))
    report = report_of(analyze(study, small.results(rows), QUICK))
    row = next(line for line in report.splitlines() if line.startswith("| model | 1,440 | .725 ["))
    assert "| .726 |" in row
    assert "| sad → neutral | 170/396 (42.9 %) | 170/240 (70.8 %) | 170/239 (71.1 %) |" in report


def test_the_report_says_first_that_people_are_simulated(analysis):
    """The sentence stands before every number, and nowhere when people are real."""
    report = report_of(analysis)
    assert report.splitlines()[2] == f"> **{SIMULATED}**"
    real = replace(analysis, design=replace(analysis.design, simulated_people=False))
    assert "SIMULATED" not in report_of(real)
    assert shown(analysis, terminal=True).splitlines()[1].startswith("The people of this study are SIMULATED")


def test_the_embedded_model_is_never_taken_for_a_rater_of_photographs(analysis):
    """Beside real people the report warns, first thing, of a rater that knows drawn faces only; beside others not."""
    real = replace(analysis, design=replace(analysis.design, simulated_people=False))
    toy = replace(real.runs[0], settings=(Setting("family", "tiny"),))
    warning = f"> **{toy.name} is the embedded model: it knows drawn faces only. What it says of other pictures"
    assert report_of(replace(real, runs=(toy, *real.runs[1:]))).splitlines()[2].startswith(warning)
    assert "embedded model" not in report_of(real)
    assert "embedded model" not in report_of(replace(analysis, runs=(toy, *analysis.runs[1:])))


def test_people_alone_make_a_report(small):
    """Before any rater is asked the report tells how far people agree, and that no rater has rated yet."""
    study = small.study(6)
    alone = analyze(replace(study, ratings=small.people(study)), small.results(), QUICK)
    report = report_of(alone)
    assert "Raters: none yet." in report
    assert "People: ratings and reliability" in report
    assert "was asked for" not in report
    assert "People: intraclass correlations" in shown(alone, terminal=True)
    assert "Each rater in short" not in report


def test_the_report_opens_with_stimuli_people_raters_and_intervals(analysis):
    """A reader learns how many images, people and ratings there are, what is missing, and how intervals are made."""
    head = report_of(analysis).split("\n## ")[1]
    assert "48 images" in head
    assert "6 (simulated); 576 ratings of 48 images" in head
    assert "llama3.2-vision (context-carry-json), 20 of 48 ratings, 28 missing" in head
    assert "95 % in brackets, bootstrap with 200 resamples of 8 identities, seed 0" in head


def test_nothing_is_wider_than_80_columns(analysis):
    """All that the command prints at a terminal fits into 80 columns."""
    lines = shown(analysis, terminal=True).splitlines()
    assert max(cell_len(line.rstrip()) for line in lines) <= 80
    assert any(line.rstrip().endswith("Arousal: bias per emotion, in scale points") for line in lines)


def test_no_number_is_cut(analysis):
    """Every cell of the main tables is found whole at the terminal, whatever is split."""
    told = shown(analysis, terminal=True)
    (_, first, *_), *_ = (table.rows for table in tables(analysis) if table.id == "agreement-valence")
    assert f"{first[4].value:.2f} [{first[4].ci_low:.2f}, {first[4].ci_high:.2f}]" in told
    assert "…" not in told.replace("… valid answers", "")


def test_elsewhere_than_at_a_terminal_markdown_is_printed(analysis):
    """A pipe gets Markdown tables with whole lines, whatever the width."""
    told = shown(analysis, terminal=False, width=40)
    assert "| Rater | n | Accuracy |" in told
    assert told.startswith("# small: raters beside people\n")


def test_the_same_input_gives_the_same_bytes(small, tmp_path):
    """Two analyses of the same ratings, rows in another order, write the same files to the byte."""
    study = small.study(6)
    study = replace(study, ratings=small.people(study))
    rows = small.rater(study)
    contents = []
    for name, given in (("one", rows), ("two", rows[::-1])):
        written = write_report(analyze(study, small.results(given), QUICK), study, tmp_path / name, TABLES)
        paths = [path for entry in written for path in entry.files]
        contents.append({path.name: path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    assert {"analysis.json", "report.md", "agreement-valence.csv"} <= contents[0].keys()


def test_files_can_be_read_back(small, analysis, tmp_path):
    """analysis.json names its schema and every rater; each CSV has its columns in every row."""
    (data,), tables = (entry.files for entry in write_report(analysis, small.study(8), tmp_path, TABLES[:2]))
    content = json.loads(data.read_text(encoding="utf-8"))
    assert content["schema"] == "vlmrate-analysis/4"
    assert [run["rater"] for run in content["runs"]] == ["gemma3", "llama3.2-vision", "llama3.2-vision"]
    assert content["dimensions"][0]["raters"][0]["r"]["level"] == 0.95
    for path in tables:
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        assert len({len(row) for row in rows}) == 1, path.name
        assert rows[0][-1] == "skipped"


def test_a_folder_that_cannot_be_made_is_one_sentence(small, analysis, tmp_path):
    """Where a file stands in the way the error says which folder could not be written."""
    (tmp_path / "report").write_text("in the way", encoding="utf-8")
    with pytest.raises(AnalysisError, match="cannot be written to"):
        write_report(analysis, small.study(8), tmp_path / "report", TABLES)


def test_what_was_not_computed_is_said(small):
    """Without people and labels the report lists each question with the reason, and still has what can be told."""
    study = small.study(6, items=(Item("attractiveness", Likert(1, 7)),), factors=Factors())
    report = report_of(analyze(study, small.results(small.rater(study)), QUICK))
    assert "- Classification: no item of the study is answered with labels." in report
    assert "- Agreement with people: the study has no ratings by people." in report
    assert "Attractiveness: spread per emotion" in report


def test_hostile_names_stay_inside_their_cells(small):
    """A rater called like Markdown breaks no row of the report."""
    study = small.study(6)
    name = "evil|<b>`x`"
    report = report_of(analyze(study, small.results(small.rater(study, name)), QUICK))
    assert "<b>" not in report
    table = report.split("Emotion: agreement")[1].split("*Note.*")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1


def test_a_kappa_that_accuracy_contradicts_is_pointed_out(analysis):
    """Should a kappa ever differ from what balanced labels imply, the table says by how much."""
    (item,) = analysis.classification
    (first, *others) = item.raters
    broken = replace(first, kappa_check=replace(first.kappa_check, observed=0.5, expected=0.7, holds=False))
    doubtful = replace(analysis, classification=(replace(item, raters=(broken, *others)),))
    assert f"{first.rater}: kappa .500 is not the .700 that its accuracy implies" in report_of(doubtful)
