"""`vlmrate report`, as a person runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import forked

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY = REPOSITORY / "configs" / "study.yaml"
HEAVY = ("matplotlib", "jinja2", "docx", "pandas", "numpy", "scipy", "pydantic", "mlx", "PIL")


def vlmrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command at the repository's top, where the demo study is found."""
    return forked.vlmrate(arguments, cwd=REPOSITORY)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images of the demo study, rated by the embedded model and analyzed."""
    folder = tmp_path_factory.mktemp("results")
    for emotion in ("happy", "sad"):
        only = ("--only", f"emotion={emotion}", "--limit", "6")
        assert vlmrate("infer", "--model", "tiny", "--results", str(folder), *only).returncode == 0
    done = vlmrate("analyze", "--results", str(folder), "--resamples", "200", "--tables-only")
    assert done.returncode == 0, done.stderr
    return folder


def test_formats_are_written_from_the_analysis_alone(results: Path) -> None:
    """Each format asked for is there, the numbers are those of analysis.json, and nothing is computed anew."""
    report = results / "demo" / "report"
    before = (report / "analysis.json").read_bytes()
    markdown = (report / "report.md").read_bytes()
    (report / "report.md").unlink()
    done = vlmrate("report", "--results", str(results), "--format", "md,latex,json", "--json")
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)["files"]
    assert list(files) == ["json", "md", "latex"]
    assert (report / "report.md").read_bytes() == markdown
    assert (report / "analysis.json").read_bytes() == before
    assert Path(files["latex"][0]) == report / "latex" / "tables.tex"


@pytest.mark.slow
def test_all_formats_are_written_unless_some_are_named(results: Path) -> None:
    """Without --format every format is written, and the page to open stands last."""
    done = vlmrate("report", "--results", str(results))
    assert done.returncode == 0, done.stderr
    report = results / "demo" / "report"
    assert done.stdout.splitlines()[-1] == f"Report: {report / 'report.html'}"
    assert (report / "report.docx").is_file()
    assert "](figures/" in (report / "report.md").read_text(encoding="utf-8")


def test_an_analysis_older_than_the_ratings_is_said_to_be(results: Path) -> None:
    """New ratings do not come into the report unsaid."""
    file = results / "demo" / "report" / "analysis.json"
    made = file.stat().st_mtime
    os.utime(file, (made - 10_000_000, made - 10_000_000))
    done = vlmrate("report", "--results", str(results), "--format", "csv")
    os.utime(file, (made, made))
    assert done.returncode == 0
    assert "analysis.json is older than" in done.stderr
    assert "`vlmrate analyze` brings it up to date" in done.stderr


@pytest.mark.parametrize("changed", ["ratings/happy", "study.yaml", "stimuli.csv", "ratings.csv"])
def test_every_input_that_changed_is_told_each_time(results: Path, tmp_path: Path, changed: str) -> None:
    """A rating, the study file and both of its tables; a report does not make its analysis younger."""
    study = tmp_path / "study.yaml"
    words = STUDY.read_text(encoding="utf-8")
    for name in ("stimuli", "ratings"):
        (named,) = re.findall(rf"(?m)^{name}: (\S+)", words)
        table = tmp_path / Path(named).name
        shutil.copy2(STUDY.parent / named, table)
        words = words.replace(named, table.name)
    study.write_text(words, encoding="utf-8")
    folder = tmp_path / "results"
    shutil.copytree(results, folder)
    files = [path for path in tmp_path.rglob("*") if path.is_file() or path.name == "ratings"]
    for path in files:
        os.utime(path, (1_000_000, 1_000_000))
    options = ("--study", str(study), "--results", str(folder), "--format", "json,csv")
    assert "is older than" not in vlmrate("report", *options).stderr
    younger = {
        "ratings/happy": next(folder.glob("demo/tiny/*/ratings/*.json")),
        "study.yaml": study,
        "stimuli.csv": tmp_path / "stimuli.csv",
        "ratings.csv": next(tmp_path.glob("*ratings*.csv*")),
    }[changed]
    os.utime(younger)
    for _ in range(2):
        done = vlmrate("report", *options)
        assert done.returncode == 0, done.stderr
        assert f"is older than {younger}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--results", "nowhere"), "analysis.json is not there yet; run `vlmrate analyze` first"),
        (("--format", "pdf"), "there is no format 'pdf'"),
        (("--study", "nowhere.yaml"), "nowhere.yaml: there is no such study file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(results: Path, arguments: tuple[str, ...], said: str) -> None:
    """What is wrong and what to do, without a traceback."""
    done = vlmrate("report", "--results", str(results), *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_command_line_starts_without_heavy_packages() -> None:
    """--help must come at once: nothing that computes or draws is imported for it."""
    code = f"import sys, vlmrate.cli.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
