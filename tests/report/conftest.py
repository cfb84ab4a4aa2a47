"""Tables, figures and an analysis that the tests of writers share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate.analysis import Analysis, AnalysisOptions, analyze
from vlmrate.report.outline import NumberedTable, Section
from vlmrate.report.table import Part, Spanner, Table, bounded, count, p_value, points, section, share, stub, text
from vlmrate.stats import Bootstrap, Estimate, Share, Skipped

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))
HOSTILE = "a|b `rm` <script>alert(1)</script> *x* _y_ [l](u) \\input{/etc/passwd} $x$ & % # ~ ^ 50 -- '' 한 ¡\x1b[31m"


def estimate(value: float) -> Estimate:
    """An estimate a tenth wide either way."""
    return Estimate(value, value - 0.1, value + 0.1, 0.95, 1440, "")


@pytest.fixture
def spanned() -> Table:
    """A table with all that a table can have."""
    return Table(
        id="agreement-valence",
        title="Valence: agreement",
        part=Part.AGREEMENT,
        columns=(
            section("rater", "Rater"),
            stub("emotion", "Emotion"),
            count("n", "n"),
            points("mean", "M", interval=False),
            points("sd", "SD", interval=False),
            bounded("r", "r"),
            p_value("p", "p Holm"),
            share("of", "Of errors", terminal=False),
        ),
        rows=(
            ("gemma3", "fear", 240, estimate(4.5), estimate(1.25), estimate(-0.5), 0.0004, Share(170, 239, "")),
            ("gemma3", "sad", 240, estimate(3.0), Skipped("it has one value"), estimate(0.75), 0.034, None),
            ("llama", "sad", 1440, estimate(-3.0), estimate(0.5), Skipped("it has one value"), 1.0, Share(1, 2, "")),
        ),
        notes=("M and SD in scale points; p < .001 is not escaped.",),
        spanners=(Spanner("Rater", ("mean", "sd")),),
    )


@pytest.fixture
def wide() -> Table:
    """More columns than a page turned sideways can hold, in small type."""
    columns = (stub("rater", "Rater"), *(points(f"v{i}", f"Value {i}") for i in range(30)))
    return Table("wide", "Wide", Part.RUNS, columns, (("gemma3", *[estimate(-1234.5)] * 30),))


@pytest.fixture
def hostile() -> Table:
    """Names and notes that try to be more than words."""
    columns = (section("s", "S"), stub("a", HOSTILE), text("b", HOSTILE))
    rows = tuple((HOSTILE, HOSTILE, word) for word in (HOSTILE, "[x]", "*", "x" * 300))
    return Table("hostile", HOSTILE, Part.RUNS, columns, rows, (HOSTILE,))


@pytest.fixture
def long() -> Table:
    """More rows than a page has."""
    columns = (stub("a", "A"), count("n", "n"))
    return Table("long", "Long", Part.RUNS, columns, tuple((f"row {i}", i) for i in range(120)))


@pytest.fixture
def sections(spanned, wide, hostile, long) -> tuple[Section, ...]:
    """A report of these tables."""
    first = Section(Part.SUMMARY, ("Stimuli: 48 images.", HOSTILE), (), (), ())
    agreement = Section(Part.AGREEMENT, ("Do raters agree?",), (NumberedTable(1, spanned),), (), ("Bias: no people.",))
    others = tuple(NumberedTable(i, table) for i, table in enumerate((wide, hostile, long), start=2))
    return (first, agreement, Section(Part.RUNS, (), others, (), ()))


@pytest.fixture(scope="session")
def kept() -> dict[str, Analysis]:
    """The analysis of all tests, which is frozen and takes a while."""
    return {}


@pytest.fixture
def analysis(small, kept) -> Analysis:
    """Two raters beside simulated people; the second one was asked in two ways."""
    if not kept:
        study = small.study(8)
        study = replace(study, ratings=small.people(study, 6), simulated_people=True)
        raters = [
            small.rater(study, "gemma3", bias={"fear": -2.0}),
            small.rater(study, "llama3.2-vision", noise=1.5, seed=4),
            small.rater(study, "llama3.2-vision", protocol="context-carry-json", seed=7)[:60],
        ]
        raters[1][0]["value"] = None
        kept["analysis"] = analyze(study, small.results(*raters), QUICK)
    return kept["analysis"]
