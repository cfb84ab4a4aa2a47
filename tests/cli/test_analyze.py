"""`vlmrate analyze`, as a person runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import forked
from vlmrate.cli.analyze_job import Request, formats_of, options_of
from vlmrate.report.formats import READ, TABLES, Format

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).resolve().parents[2]


def vlmrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command at the repository's top, where the demo study is found."""
    return forked.vlmrate(arguments, cwd=REPOSITORY, environment={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images of the demo study, rated by the embedded model."""
    folder = tmp_path_factory.mktemp("results")
    done = vlmrate("infer", "--model", "tiny", "--results", str(folder), "--only", "emotion=happy", "--limit", "6")
    assert done.returncode == 0, done.stderr
    done = vlmrate("infer", "--model", "tiny", "--results", str(folder), "--only", "emotion=sad", "--limit", "6")
    assert done.returncode == 0, done.stderr
    return folder


def words(results: Path, *more: str) -> list[str]:
    """What to type to analyze with few resamples, which is quick."""
    return ["analyze", "--results", str(results), "--resamples", "200", "--tables-only", *more]


def analyze(results: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Analyze with few resamples."""
    return vlmrate(*words(results, *more))


def test_it_prints_the_main_tables_and_where_the_files_are(results: Path) -> None:
    """Main tables, what the people are, and the paths; the files lie beside the ratings."""
    done = analyze(results)
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert "tiny (context-carry), 12 of 144 ratings, 132 missing" in done.stdout
    for title in (
        "Emotion: agreement",
        "Valence (1–9): agreement",
        "Valence: bias",
        "Arousal: bias",
    ):
        assert title in done.stdout
    report = results / "demo" / "report"
    assert done.stdout.splitlines()[-1] == f"Text: {report / 'report.md'}"
    assert (report / "tables" / "classification-emotion.csv").is_file()


def test_the_same_command_writes_the_same_bytes(results: Path, tmp_path: Path) -> None:
    """Two runs of the command, each with an order of hashes of its own, give identical files, and another seed other
    intervals."""
    for name in ("one", "two"):
        typed = words(results, "--output", str(tmp_path / name), "--seed", "0")
        assert forked.started_anew(typed, cwd=REPOSITORY).returncode == 0
    assert analyze(results, "--output", str(tmp_path / "other"), "--seed", "1").returncode == 0
    contents = [
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).rglob("*")) if path.is_file()}
        for name in ("one", "two", "other")
    ]
    assert contents[0] == contents[1]
    assert contents[0]["analysis.json"] != contents[2]["analysis.json"]


def test_json_is_one_object_that_names_the_files(results: Path, tmp_path: Path) -> None:
    """With --json a program learns where the analysis is, and can read it."""
    done = analyze(results, "--output", str(tmp_path), "--rater", "tiny", "--json")
    summary = json.loads(done.stdout)
    assert summary["raters"] == ["tiny"]
    (analysis,) = summary["files"]["json"]
    assert json.loads(Path(analysis).read_text(encoding="utf-8"))["schema"] == "vlmrate-analysis/4"
    assert all(Path(path).is_file() for path in summary["files"]["csv"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--compare", "tae2062"), "there is no published study 'tae2062'"),
        (("--rater", "gemma3"), "there are no ratings by 'gemma3'; raters with ratings: tiny"),
        (("--study", "nowhere.yaml"), "nowhere.yaml: there is no such study file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(results: Path, arguments: tuple[str, ...], said: str) -> None:
    """What is wrong and what to do, without a traceback."""
    done = analyze(results, *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_margin_and_epsilon_are_taken_and_checked(results: Path, tmp_path: Path) -> None:
    """The margin reaches the report, both reach the analysis; one out of range is refused in a sentence."""
    done = analyze(results, "--output", str(tmp_path), "--margin", "0.25", "--epsilon", "0.2")
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "0.25 points (as stated for this analysis)" in report
    asked = Request(None, (), None, None, 200, 0, None, margin=0.25, epsilon=0.2, tables_only=True, also=None)
    assert (options_of(asked).margin, options_of(asked).epsilon) == (0.25, 0.2)
    assert options_of(replace(asked, epsilon=None)).epsilon == 0.1
    for option, value in (("--margin", "-1"), ("--epsilon", "1.5")):
        refused = analyze(results, "--output", str(tmp_path), option, value)
        assert refused.returncode != 0
        assert f"not at {float(value)}" in " ".join(refused.stderr.split())


def test_people_alone_are_analyzed_before_any_rater(tmp_path: Path) -> None:
    """Without a rating by a rater the tables of people are printed, and the report says that none has rated."""
    done = vlmrate("analyze", "--results", str(tmp_path), "--resamples", "200", "--tables-only")
    assert done.returncode == 0, done.stderr
    assert "Raters: none yet." in done.stdout
    assert "People: intraclass correlations" in done.stdout


def test_formats_for_a_paper_are_written_along(results: Path, tmp_path: Path) -> None:
    """--also adds formats to those that are always written, in one go; an unknown one is refused before any work."""
    asked = Request(None, (), None, None, 200, 0, None, None, None, tables_only=True, also="latex")
    assert formats_of(asked) == (*TABLES, Format.LATEX)
    assert formats_of(replace(asked, tables_only=False, also=None)) == READ
    done = analyze(results, "--output", str(tmp_path), "--also", "latex")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "latex" / "tables.tex").is_file()
    refused = analyze(results, "--output", str(tmp_path / "new"), "--also", "pdf")
    assert refused.returncode == 2
    assert "there is no format 'pdf'" in refused.stderr
    assert not (tmp_path / "new").exists()
