"""The parts of the report, their numbers, and what is said of what was left out."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

from vlmrate.analysis import Analysis, analyze
from vlmrate.report.document import document
from vlmrate.report.left_out import CONSEQUENCES, QUESTIONS, skipped
from vlmrate.report.markdown import sentence
from vlmrate.report.outline import outline
from vlmrate.report.table import Part
from vlmrate.report.tables import tables
from vlmrate.report.tables.naming import slug
from vlmrate.stats import Skipped
from vlmrate.study.records import Factors, Item, Likert

FACTS = {"design", "resampling", "images", "findings", "summaries"}
"""Fields of an analysis that are no question: they cannot be skipped, or are drawn from the answers to others."""


def test_parts_come_in_the_order_of_reading_and_numbers_run_through(analysis):
    """Tables and figures are numbered from 1 in the order of the parts, each once."""
    sections = outline(analysis)
    assert [section.part for section in sections] == [part for part in Part if part in {s.part for s in sections}]
    numbers = [entry.number for section in sections for entry in section.tables]
    assert numbers == list(range(1, len(numbers) + 1))
    drawn = [entry.number for section in sections for entry in section.figures]
    assert drawn == list(range(1, len(drawn) + 1))
    assert all(entry.table.part is section.part for section in sections for entry in section.tables)


def test_every_table_with_rows_is_in_it(analysis):
    """No table is lost on the way into the report, and none without rows comes in."""
    told = {entry.table.id for section in outline(analysis) for entry in section.tables}
    assert told == {table.id for table in tables(analysis) if table.rows}


def test_parts_with_nothing_to_say_are_left_out(analysis):
    """A part without tables, figures and skipped questions has no heading."""
    titles = [section.title for section in outline(analysis)]
    assert Part.PUBLISHED.value not in titles
    assert titles[0] == Part.SUMMARY.value


def test_a_finding_names_the_table_it_rests_on(analysis):
    """Every finding ends with what the report calls its table, and that table is of its kind and item."""
    sections = outline(analysis)
    ids = {entry.label: entry.table.id for section in sections for entry in section.tables}
    (found,) = (entry.table for section in sections for entry in section.tables if entry.table.id == "findings")
    assert len(found.rows) == len(analysis.findings) > 3
    for row, finding in zip(found.rows, analysis.findings, strict=True):
        assert ids[row[-1]] in {slug(finding.rests_on, finding.item), finding.rests_on}


def test_every_question_has_its_part():
    """A field of the analysis that no part answers for could be skipped without a word."""
    fields = {field.name for field in dataclasses.fields(Analysis)}
    assert fields == {question.field for question in QUESTIONS} | FACTS


def test_no_reason_is_kept_from_readers(small):
    """Whatever was skipped, anywhere in the analysis, its reason stands in the report once at least."""
    study = small.study(6, items=(Item("trust", Likert(1, 7)), Item("valence", Likert(1, 9))), factors=Factors())
    study = replace(study, ratings=small.people(study, items=("valence",)))
    analysis = analyze(study, small.results(small.rater(study)))
    report = document(analysis, outline(analysis))
    reasons = {reason for question in QUESTIONS for _, reason in skipped(getattr(analysis, question.field))}
    consequences = set(CONSEQUENCES)
    assert len(reasons) > 3
    assert [reason for reason in sorted(reasons - consequences) if sentence(reason.rstrip(".")) not in report] == []


def test_skipped_pieces_are_told_with_what_they_are_of(analysis):
    """A rater whose results were skipped in a way that no table shows is named beside the reason."""
    (first, *others) = analysis.bias
    raters = tuple(replace(rater, emotions=Skipped("it is a test")) for rater in first.raters)
    doubtful = replace(analysis, bias=(replace(first, raters=raters), *others))
    (sentence,) = (s for section in outline(doubtful) for s in section.left_out if s.startswith("Bias ("))
    assert sentence.startswith("Bias (valence, gemma3; valence, llama3.2-vision")
    assert sentence.endswith("): it is a test.")
