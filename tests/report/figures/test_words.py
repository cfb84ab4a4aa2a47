"""Names from data in drawings: harmless, short, and in two lines where that saves them."""

from __future__ import annotations

from vlmrate.report.figures.style import COLOURS, MARKERS, looks
from vlmrate.report.figures.words import drawn_of, fitted, lined, listed, plain, width


def test_a_name_of_nothing_that_can_be_seen_is_a_question_mark():
    """An axis is never without a label."""
    assert plain("\u202e\x00") == "?"


def test_long_names_keep_both_ends():
    """Models of a family differ at the end of their names."""
    told = {plain(f"organisation/some-vision-model-of-{size}") for size in ("3b", "11b")}
    assert len(told) == 2
    assert max(map(len, told)) <= 22


def test_names_break_before_a_protocol_and_after_a_minus():
    """Only where they are too long for one line."""
    assert lined("gemma3 (json)") == "gemma3 (json)"
    assert lined("llama3.2-vision (context-carry-json)") == "llama3.2-vision\n(context-carry-json)"
    assert lined("west_asian_long − east_asian") == "west_asian_long −\neast_asian"


def test_a_fitted_name_has_room():
    """By our own measure no line is wider than the space given."""
    for line in fitted("llama3.2-vision (context-carry-json)", 1.0, 7.0).split("\n"):
        assert width(line, 7.0) <= 1.0


def test_lists_and_what_is_left_out():
    """Sentences read as sentences."""
    assert [listed(["a"] * n) for n in (0, 1, 2)] == ["", "a", "a and a"]
    assert drawn_of(3, 3, "the best") == ""


def test_raters_look_different():
    """Up to as many raters as colours times markers no two share both; each of the first seven has its own colour."""
    found = looks([f"r{i}" for i in range(len(COLOURS) * len(MARKERS))])
    assert len({(look.colour, look.marker) for look in found.values()}) == len(COLOURS) * len(MARKERS)
    assert len({look.colour for look in list(found.values())[:7]}) == 7
