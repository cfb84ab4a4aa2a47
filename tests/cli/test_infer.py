"""`vlmrate infer` and its companions, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import forked

REPOSITORY = Path(__file__).resolve().parents[2]


def vlmrate(*arguments: str, cwd: Path = REPOSITORY, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command, 80 columns wide, with no weights but the embedded ones to be found."""
    return forked.vlmrate(arguments, cwd=cwd, environment={"COLUMNS": "80", **environment})


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Six images of the demo study, rated by the embedded model."""
    results = tmp_path_factory.mktemp("results")
    done = vlmrate("infer", "--model", "tiny", "--results", str(results), "--limit", "6")
    return results, done


def test_a_run_says_what_it_asks_and_what_came_of_it(rated: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The prompts really sent, their digest, the note on the model, counts and the folder are printed."""
    _, done = rated
    assert done.returncode == 0, done.stderr
    assert "tiny rates 6 images of study demo with protocol context-carry (digest " in done.stdout
    assert "knows drawn faces only" in done.stdout
    assert "You identified this face as {emotion} with pleasantness {valence} out of 9." in done.stdout
    assert "6 ratings made in" in done.stdout
    assert "0 failed, 0 answers could not be read" in done.stdout


def test_a_second_run_does_nothing_and_says_so(rated: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The same command again finds everything done."""
    results, _ = rated
    again = vlmrate("infer", "--model", "tiny", "--results", str(results), "--limit", "6")
    assert again.returncode == 0
    assert "Nothing to do: all 6 ratings are in" in again.stdout


def test_json_is_one_object_and_nothing_else(rated: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """With --json a program reads standard output; words for people go to standard error."""
    results, _ = rated
    done = vlmrate("infer", "--model", "tiny", "--results", str(results), "--limit", "6", "--json")
    summary = json.loads(done.stdout)
    assert (summary["status"], summary["total"], summary["already_rated"], summary["rated"]) == ("finished", 6, 6, 0)
    assert "Nothing to do" in done.stderr


def test_the_manifest_keeps_given_and_defaulted_arguments(rated: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Every argument is recorded, and which of them were given."""
    results, _ = rated
    manifest = json.loads((results / "demo/tiny/context-carry/manifest.json").read_text(encoding="utf-8"))
    run = manifest["runs"][0]
    assert run["passed"] == ["limit", "model", "results"]
    assert (run["arguments"]["limit"], run["arguments"]["temperature"], run["arguments"]["fidelity"]) == (
        6,
        None,
        None,
    )
    settings = manifest["recipe"]["settings"]
    assert (settings["fidelity"], settings["path"], settings["batch_size"]) == ("reference", "shared", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "gemma3"), "fetch them once with `hf download mlx-community/gemma-3-4b-it-qat-4bit"),
        (("--model", "gema3"), "there is no model called 'gema3' (did you mean gemma3?)"),
        (("--model", "tiny", "--protocol", "context-cary"), "context-carry"),
        (("--model", "tiny", "--study", "nowhere.yaml"), "nowhere.yaml: there is no such study file"),
        (("--model", "tiny", "--only", "mood=sad"), "the stimuli have no column 'mood'"),
        (("--model", "tiny", "--only", "nobody"), "selects none of the study's 144 images"),
        (("--model", "tiny", "--fail-after", "some"), "neither a number of images (10) nor a share"),
        (("--model", "tiny", "--as", "../elsewhere"), "would leave its folder"),
        (("--model", "tiny", "--models-file", "none.yaml"), "none.yaml cannot be read"),
        (("--model", "tiny", "--temperature", "-1"), "--temperature"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(
    rated: tuple[Path, subprocess.CompletedProcess[str]], arguments: tuple[str, ...], said: str
) -> None:
    """Misuse names what is wrong and what to do, without a traceback, before any image is looked at."""
    results, _ = rated
    done = vlmrate("infer", "--results", str(results), *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_another_decoding_is_refused_and_fresh_sets_aside(tmp_path: Path) -> None:
    """Ratings made at temperature 0 are not mixed with others; --fresh keeps them under another name."""
    common = ("infer", "--model", "tiny", "--results", str(tmp_path), "--limit", "1")
    assert vlmrate(*common).returncode == 0
    refused = vlmrate(*common, "--temperature", "0.7")
    assert refused.returncode == 2
    assert "temperature: 0.0 there, 0.7 now" in " ".join(refused.stderr.split())
    fresh = vlmrate(*common, "--temperature", "0.7", "--fresh")
    assert fresh.returncode == 0
    assert (tmp_path / "demo/tiny/context-carry~1/manifest.json").is_file()


def test_a_picture_that_cannot_be_read_ends_only_itself(tmp_path: Path) -> None:
    """One damaged picture among two: the other is rated, the exit code is 1, the failure is on record."""
    vlmrate("init", "study", "--images", str(_two_pictures(tmp_path)), cwd=tmp_path)
    (tmp_path / "pictures" / "b.jpg").write_bytes(b"no picture")
    done = vlmrate("infer", "--model", "tiny", "--study", "study", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 ratings made in" in done.stdout
    assert "failed: b: " in done.stdout


def _two_pictures(folder: Path) -> Path:
    pictures = folder / "pictures"
    pictures.mkdir()
    demo = sorted((REPOSITORY / "data" / "demo" / "images").iterdir())
    for name, source in zip(("a.jpg", "b.jpg"), demo, strict=False):
        (pictures / name).write_bytes(source.read_bytes())
    return pictures


def test_help_and_version_load_nothing_heavy() -> None:
    """`vlmrate --help` answers at once because no large package is imported for it."""
    code = (
        "import sys; sys.argv = ['vlmrate', '--help']\n"
        "from vlmrate.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'mlx', 'mlx_vlm', 'transformers', 'matplotlib', 'pydantic', 'rich'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
    assert forked.started_anew(["--version"], cwd=REPOSITORY).stdout.startswith("vlmrate 0.")


def test_doctor_finds_this_machine_fit_for_the_demo() -> None:
    """Versions, the embedded model's weights and the study are looked at; exit code 0."""
    done = vlmrate("doctor", "--model", "tiny", "--json")
    assert done.returncode == 0, done.stdout
    verdicts = {check["name"]: check["verdict"] for check in json.loads(done.stdout)}
    assert (verdicts["model tiny"], verdicts["study"]) == ("ok", "ok")


def test_doctor_says_what_a_model_lacks() -> None:
    """Asked for a model whose weights are missing, the check-up fails with the command that fetches them."""
    done = vlmrate("doctor", "--model", "gemma3", "--json")
    assert done.returncode == 1
    (missing,) = [check for check in json.loads(done.stdout) if check["verdict"] == "missing"]
    assert "hf download mlx-community/gemma-3-4b-it-qat-4bit" in missing["finding"]


def test_models_lists_what_can_be_asked() -> None:
    """The embedded model is here, the published ones say what they need; no line is wider than the terminal."""
    listed = {model["name"]: model for model in json.loads(vlmrate("models", "--json").stdout)["models"]}
    assert {"tiny", "gemma3", "llama"} <= listed.keys()
    assert listed["tiny"]["needs"] is None
    assert "hf download" in listed["gemma3"]["needs"]
    table = vlmrate("models").stdout
    assert "hf download mlx-community/gemma-3-4b-it-qat-4bit" in table
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in table.split("└")[0]
    notes = "".join(line.split("│")[4].strip() for line in table.splitlines() if line.count("│") == 5)
    assert "generativelanguage.googleapis.com" in notes
