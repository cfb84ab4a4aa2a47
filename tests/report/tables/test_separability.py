"""The tables of separability: every number in its column, what was skipped with its reason, captures told apart."""

from __future__ import annotations

from vlmrate.probe.separability import ArrayOutcome, Chosen, FactorOutcome, LayerSeparability, Separability
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.separability import separability_tables
from vlmrate.stats import Estimate, Skipped


def outcome(capture: str, model: str) -> ArrayOutcome:
    """Two factors in one array of two layers, the second skipped."""
    layers = (LayerSeparability(0, 0.25, 0.4, 0.05, -0.01), LayerSeparability(1, 0.9, 0.001, 0.5, 0.3))
    accuracy = Estimate(0.875, 0.8, 0.95, 0.95, 60, "balanced accuracy")
    found = Separability("emotion", ("a", "b"), 120, 20, 0.5, layers, Chosen(1, accuracy, 0.002, 10))
    skipped = Skipped("x is shown by 1 identities, and each half needs two")
    return ArrayOutcome(
        capture, model, "answer/emotion", (FactorOutcome("emotion", found), FactorOutcome("skin", skipped))
    )


def test_numbers_stand_in_their_columns_and_reasons_below() -> None:
    """The chosen layer with its interval; the skipped factor as a dash with a note; the note on what this is."""
    chosen, layers = separability_tables([outcome("one", "tiny")])
    shown = "\n".join(markdown(chosen, 2, "Table 1").splitlines())
    assert "| answer/emotion | 120 | 10 | 1 of 0–1 | .500 | .875 [.800, .950] | .002 |" in shown
    assert "x is shown by 1 identities" in shown
    assert layers.rows == (
        ("emotion: answer/emotion", "0", 0.25, 0.4, 0.05, -0.01),
        ("emotion: answer/emotion", "1", 0.9, 0.001, 0.5, 0.3),
    )


def test_captures_side_by_side_are_told_apart() -> None:
    """By their models where these differ, else by their files."""
    two_models, _ = separability_tables([outcome("one", "base"), outcome("two", "instruct")])
    assert [row[1] for row in two_models.rows[:2]] == ["base, answer/emotion", "instruct, answer/emotion"]
    one_model, _ = separability_tables([outcome("one", "base"), outcome("two", "base")])
    assert [row[1] for row in one_model.rows[:2]] == ["one, answer/emotion", "two, answer/emotion"]


def test_files_of_the_same_name_are_told_apart_by_their_models() -> None:
    """As two models' captures under one protocol are called; nothing found in the first is lost under the second."""
    same = [outcome("one", "base"), outcome("one", "instruct")]
    chosen, layers = separability_tables(same)
    assert [row[1] for row in chosen.rows[:2]] == ["base, answer/emotion", "instruct, answer/emotion"]
    assert len(layers.rows) == 4
    three, layers = separability_tables([*same, outcome("two", "base")])
    assert three.rows[2][1] == "base, two, answer/emotion"
    assert len(layers.rows) == 6


def test_where_all_is_skipped_there_is_no_table_of_layers() -> None:
    """One table, which says why."""
    only = outcome("one", "tiny")
    (chosen,) = separability_tables([ArrayOutcome("one", "tiny", "vision", only.factors[1:])])
    assert chosen.id == "separability"
