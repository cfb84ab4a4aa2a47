"""One table, four writers."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from vlmrate.errors import AnalysisError
from vlmrate.report.csvfile import csv_text
from vlmrate.report.jsonfile import as_json
from vlmrate.report.markdown import escaped, markdown
from vlmrate.report.table import Part, Table, bounded, count, points, section, share, stub, text
from vlmrate.report.tables.naming import column_names
from vlmrate.report.terminal import print_table
from vlmrate.stats import Estimate, Share, Skipped

ACCURACY = Estimate(0.7250000000000001, 0.701, 0.748, 0.95, 1440, "accuracy")
TABLE = Table(
    id="classification-emotion",
    title="Emotion",
    part=Part.CLASSIFICATION,
    columns=(
        section("rater", "Rater"),
        stub("label", "Label"),
        count("n", "n"),
        bounded("accuracy", "Accuracy"),
        share("of", "Of errors"),
    ),
    rows=(
        ("gemma3", "sad", 240, ACCURACY, Share(170, 239, "")),
        ("gemma3", "happy", 240, Skipped("never answered"), None),
        ("llama", "sad", 240, Skipped("never answered"), Share(1, 2, "")),
    ),
    notes=("n = images.",),
)
HOSTILE = "a|b `rm` <script>alert(1)</script> *x* _y_ [l](u)\nnew\x1b[31m\u202e # h"


def on_terminal(table: Table, width: int = 80) -> list[str]:
    """The lines of a table at a terminal."""
    console = Console(width=width, force_terminal=True, color_system=None, file=io.StringIO(), highlight=False)
    print_table(table, console)
    return console.file.getvalue().splitlines()


def wide(names: list[str], columns: int = 9) -> Table:
    """A table that no terminal of 80 columns can hold in one part."""
    titles = [f"value {i}" for i in range(columns)]
    return Table(
        id="wide",
        title="A wide table with quite a long title that must itself not run over the edge of the terminal at all",
        part=Part.RUNS,
        columns=(stub("rater", "Rater"), *(points(f"v{i}", title) for i, title in enumerate(titles))),
        rows=tuple((name, *[Estimate(-1234.5, -2000.0, 1000.0, 0.95, 9, "")] * columns) for name in names),
        notes=("A note " * 30,),
    )


def test_markdown_has_sections_notes_and_reasons():
    """Raters head their rows, numbers are right-aligned, and one reason is told once, marked in each cell."""
    shown = markdown(TABLE)
    assert shown.splitlines()[:7] == [
        "## Emotion",
        "",
        "| Label | n | Accuracy | Of errors |",
        "| --- | ---: | ---: | ---: |",
        "| **gemma3** |  |  |  |",
        "| sad | 240 | .725 [.701, .748] | 170/239 (71.1 %) |",
        "| happy | 240 | –¹ |  |",
    ]
    assert shown.count("never answered") == 1
    assert "*Note.* n = images." in shown


def test_hostile_names_are_shown_and_not_obeyed():
    """Pipes, backticks, tags, emphasis, links, line breaks and escape codes from outside stay words in a cell."""
    shown = markdown(
        Table("t", HOSTILE, Part.RUNS, (stub("a", HOSTILE), text("b", "B")), ((HOSTILE, HOSTILE),), (HOSTILE,))
    )
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert all(line.replace("\\|", "").count("|") == 3 for line in rows)
    for sign in ("<", "\x1b", "\u202e", "\nnew"):
        assert sign not in shown.replace("&lt;", "")
    assert "\\`rm\\`" in shown
    assert "\\[l\\](u)" in shown


@pytest.mark.parametrize("words", ["p < .001", "a & b", "3 > 2"])
def test_signs_that_begin_no_tag_stay_as_they_are(words):
    """Who reads report.md as text sees < .001 and no entity."""
    assert escaped(words) == words


@pytest.mark.parametrize(("words", "shown"), [("&lt;", "&amp;lt;"), ("</b>", "&lt;/b>"), ("> x", "&gt; x")])
def test_what_markdown_would_obey_is_escaped(words, shown):
    """Entities, tags and a quotation at the beginning are words."""
    assert escaped(words) == shown


@pytest.mark.parametrize(("words", "shown"), [("gemma_3", "gemma_3"), ("_x_", "\\_x\\_"), ("a\\|b", "a\\\\\\|b")])
def test_escapes_leave_plain_names_alone(words, shown):
    """An underscore inside a name needs no escape; a backslash cannot undo one."""
    assert escaped(words) == shown


def test_csv_has_full_precision_and_every_part_of_an_estimate():
    """Estimates and shares fill columns of their own, sections every row, and reasons the last column."""
    rows = list(csv.DictReader(io.StringIO(csv_text(TABLE))))
    assert list(rows[0]) == [
        *("rater", "label", "n", "accuracy", "accuracy_ci_low", "accuracy_ci_high", "accuracy_n"),
        *("of", "of_numerator", "of_denominator", "skipped"),
    ]
    assert float(rows[0]["accuracy"]) == ACCURACY.value
    assert (rows[0]["accuracy_n"], rows[0]["of_denominator"]) == ("1440", "239")
    assert rows[1] | {"rater": "", "label": "", "n": "", "skipped": ""} == dict.fromkeys(rows[1], "")
    assert rows[2]["rater"] == "llama"
    assert rows[2]["skipped"] == "accuracy: never answered"


def test_csv_gives_a_spreadsheet_nothing_to_run():
    """A name that begins like a formula is marked as text; commas and quotes survive."""
    formulas = (
        '=HYPERLINK("x")',
        "-2+3+cmd|x",
        "+1+1",
        "@SUM(1)",
        "|x",
        "%x",
        " =1",
        "\n=1",
        "\t=1",
        "\x1b",
        "＝1+1",
        "-",
    )
    words = ('a, "b"', "a=1", "-1.99", "+.26", "71.1 %", "", "sad → neutral", "gemma-3")
    rows = tuple((word,) for word in (*formulas, *words))
    table = Table("t", "t", Part.RUNS, (text("a", "A"),), rows)
    cells = [row["a"] for row in csv.DictReader(io.StringIO(csv_text(table), newline=""))]
    assert cells == [*(f"'{word}" for word in formulas), *words]


def test_csv_headers_are_no_formulas_either_and_numbers_stay_numbers():
    """A column's name is escaped as a cell is, with what an estimate adds to it; a negative number is none."""
    table = Table("t", "t", Part.RUNS, (points("=x", "X"), count("n", "n")), ((replace(ACCURACY, value=-0.5), -3),))
    header, row = csv.reader(io.StringIO(csv_text(table)))
    assert header == ["'=x", "'=x_ci_low", "'=x_ci_high", "'=x_n", "n", "skipped"]
    assert (row[0], row[4]) == ("-0.5", "-3")


def test_no_two_columns_of_a_table_have_one_name():
    """Programs tell columns by their names: a table with two of one name is refused when it is made."""
    with pytest.raises(AnalysisError, match="the table t has two columns called 'n'"):
        Table("t", "t", Part.RUNS, (stub("n", "N"), count("n", "n")), ())


def test_columns_of_labels_have_names_of_their_own():
    """Labels that look alike as file names, or are called as another column, each have a column."""
    labels = ("not sure", "not-sure", "not sure-2", "rater", "n", "x", "x_ci_low")
    names = column_names("label", labels)
    assert len({*names, "rater", "n"}) == len(labels) + 2
    assert "label_x_ci_low" not in names


def test_json_tells_what_was_skipped_and_holds_no_nan():
    """Skipped is an object with its reason; a number that is not finite is refused, with the place it stands at."""
    content = as_json((Skipped("why"), ACCURACY, None, 3))
    assert content[0] == {"skipped": "why"}
    assert content[1]["ci_low"] == 0.701
    assert content[2:] == [None, 3]
    with pytest.raises(AnalysisError, match=r"bias\[0\].ci_low of the analysis is nan"):
        as_json((replace(ACCURACY, ci_low=float("nan")),), "bias")


@pytest.mark.parametrize("width", [80, 100, 40])
@pytest.mark.parametrize(
    "names", [["gemma3", "llama"], ["a very long name of a rater (context-carry-json)", "b" * 200]]
)
def test_no_line_is_wider_than_the_terminal(names, width):
    """However many columns and however long the names, no line runs over."""
    lines = on_terminal(wide(names), width)
    assert max(cell_len(line.rstrip()) for line in lines) <= width


def test_wide_tables_are_split_and_no_cell_is_wrapped():
    """Every number stands whole on one line, and each part repeats the names."""
    lines = on_terminal(wide(["gemma3", "llama"]))
    assert sum(line.count("−1,234.50 [−2,000.00, 1,000.00]") for line in lines) == 18
    assert sum(line.startswith("gemma3") for line in lines) == 5


def test_terminal_shows_control_characters_of_names_to_nobody():
    """An escape code in a rater's name cannot colour or clear the screen, and markup is not obeyed."""
    lines = on_terminal(Table("t", "T", Part.RUNS, (stub("a", "A"), count("n", "n")), (("\x1b[31m[bold]x[/]", 1),)))
    assert any("[31m[bold]x[/]" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_sections_do_not_widen_the_first_column():
    """A section's long name runs over the columns beside it instead of pushing them away."""
    name = "a rater with a long name (context-carry-json)"
    lines = on_terminal(Table("t", "T", Part.RUNS, TABLE.columns, ((name, "sad", 240, ACCURACY, Share(1, 2, "")),)))
    assert name in lines
    assert next(line for line in lines if line.startswith("sad")).startswith("sad    240")
