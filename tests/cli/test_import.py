"""`vlmrate import` as a person runs it: the page's examples, the analysis of an imported rater, and refusals."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import forked
from vlmrate.inference.table import load_results
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "raters" / "imported.md").read_text(encoding="utf-8")
STUDY = REPOSITORY / "configs" / "study.yaml"
LONDON = REPOSITORY / ".." / "shared" / "data" / "london"
FILES = re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = re.findall(r"^```sh\n(vlmrate import .*?)^```\n\n```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
THEIRS = {"happy": "Joy", "sad": "Sorrow", "angry": "Anger", "fear": "Fear", "disgust": "Disgust", "neutral": "None"}


def vlmrate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return forked.vlmrate(arguments, cwd=folder, environment={"COLUMNS": "80"})


@pytest.mark.parametrize(("command", "printed"), EXAMPLES)
def test_the_examples_of_the_page_print_what_it_shows(tmp_path: Path, command: str, printed: str) -> None:
    """Each command, on the file that the page shows, with the demo study."""
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = shlex.split(command.replace("\\\n", " "))[1:]
    done = vlmrate(tmp_path, *words, "--study", str(STUDY), "--results", str(tmp_path / "results"))
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_the_page_has_an_example_of_every_kind() -> None:
    """The examples above were found."""
    assert [name for name, _ in FILES] == ["posterv2.csv", "beit.csv", "emonet.csv", "theirs.json"]
    assert len(EXAMPLES) == len(FILES)


@pytest.fixture
def means(tmp_path: Path) -> Path:
    """People's means of the demo study on a scale from -1 to 1, with the intended label under another name."""
    study = load_study(STUDY)
    assert study.ratings is not None
    table = pd.DataFrame({item: study.ratings.means(item)["mean"] / 4 - 1.25 for item in ("valence", "arousal")})
    emotions = {stimulus.image_id: stimulus.factors["emotion"] for stimulus in study.stimuli}
    table["expression"] = [THEIRS[emotions[str(image)]] for image in table.index]
    file = tmp_path / "means.csv"
    table.to_csv(file, index_label="image_id")
    return file


def options(file: Path) -> list[str]:
    """The import of people's means as a rater."""
    words = ["import", str(file), "--rater", "echo", "--study", str(STUDY), "--results", str(file.parent / "results")]
    words += ["--column", "emotion=expression", "--range", "valence=-1:1", "--range", "arousal=-1:1"]
    return [*words, *(word for ours, theirs in THEIRS.items() for word in ("--label", f"emotion.{theirs}={ours}"))]


@pytest.mark.slow
def test_a_rater_that_repeats_peoples_means_agrees_with_them_wholly(means: Path) -> None:
    """Imported, then analyzed: r and kappa are 1, no error and no bias, and the report names it and its source."""
    done = vlmrate(means.parent, *options(means), "--source", "people themselves")
    assert done.returncode == 0, done.stderr
    results = means.parent / "results"
    analyzed = vlmrate(means.parent, "analyze", "--study", str(STUDY), "--results", str(results), "--tables-only")
    assert analyzed.returncode == 0, analyzed.stderr
    assert "echo (imported), 144 of 144 ratings" in analyzed.stdout
    report = json.loads((results / "demo" / "report" / "analysis.json").read_text(encoding="utf-8"))
    assert [dimension["item"] for dimension in report["dimensions"]] == ["valence", "arousal"]
    for dimension in report["dimensions"]:
        (rater,) = dimension["raters"]
        assert rater["r"]["value"] == pytest.approx(1, abs=1e-12)
        assert rater["mae"]["value"] == pytest.approx(0, abs=1e-12)
    (classification,) = report["classification"]
    assert classification["raters"][0]["scores"]["kappa"]["value"] == 1
    told = {setting["name"]: setting["value"] for setting in report["runs"][0]["settings"]}
    assert (told["kind"], told["source"], told["range.valence"]) == ("table", "people themselves", "-1.0:1.0")


def test_json_says_what_came_of_it(means: Path) -> None:
    """One object on standard output; the same command again has nothing to do."""
    first = vlmrate(means.parent, *options(means), "--json")
    told = json.loads(first.stdout)
    assert (told["status"], told["stored"], told["already_there"], told["unrated"]) == ("imported", 144, 0, [])
    assert told["answers"] == {item: {"native": 144} for item in ("emotion", "valence", "arousal")}
    again = vlmrate(means.parent, *options(means), "--json")
    assert (again.returncode, json.loads(again.stdout)["status"]) == (0, "nothing to do")
    assert "Nothing to do: all 144 ratings of means.csv are in results/demo/echo/imported." in again.stderr


def test_every_fault_is_listed_and_nothing_is_stored(means: Path) -> None:
    """Each on a line of its own, the sentence last; with --json as a list."""
    text = means.read_text(encoding="utf-8")
    means.write_text(text.replace("Anger", "Angry").replace("p01_sad,", "p99_sad,"), encoding="utf-8")
    refused = vlmrate(means.parent, *options(means))
    *faults, last = refused.stderr.splitlines()
    assert refused.returncode == 2
    assert [re.sub(r" \(also.*?\)", "", fault).partition(": ")[0] for fault in faults] == [
        "means.csv, row 2, column expression", "means.csv, row 7, column image_id",
    ]  # fmt: skip
    assert last == "vlmrate: 2 faults in means.csv, listed above; nothing was stored"
    told = json.loads(vlmrate(means.parent, *options(means), "--json").stdout)
    assert (told["status"], len(told["faults"]), told["faults"][1]["row"]) == ("refused", 2, 7)
    assert not (means.parent / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.csv", "--rater", "x"), "none.csv: there is no such file; nothing was stored"),
        (("means.csv", "--rater", "report"), "is where reports are written"),
        (("means.csv", "--rater", "x", "--label", "emotion.Joy=hapy"), "emotion has no label 'hapy'; did you mean"),
        (("means.csv", "--rater", "x", "--study", "none.yaml"), "none.yaml: there is no such study file"),
        (("means.csv",), "--rater"),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_two(means: Path, arguments: tuple[str, ...], said: str) -> None:
    """Without a traceback."""
    study = () if "--study" in arguments else ("--study", str(STUDY))
    refused = vlmrate(means.parent, "import", *arguments, *study)
    assert refused.returncode == 2
    assert said in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr


@pytest.mark.skipif(not LONDON.is_dir(), reason="the London faces and their ratings are not beside the repository")
def test_real_faces_another_item_and_json_lines(tmp_path: Path) -> None:
    """Means of 2,513 raters as JSON lines with the pictures' paths: the same numbers come back, of 102 images."""
    (tmp_path / "study.yaml").write_text(
        f"name: london\nstimuli: {LONDON}/stimuli.csv\nratings: {LONDON}/human_ratings.csv.gz\n"
        "items: {attractiveness: {low: 1, high: 7}}\nfactors: {emotion: emotion, identity: identity}\n"
        "protocol: independent\n",
        encoding="utf-8",
    )
    study = load_study(tmp_path / "study.yaml")
    assert study.ratings is not None
    people = study.ratings.means("attractiveness")["mean"]
    paths = {stimulus.image_id: str(stimulus.path) for stimulus in study.stimuli}
    lines = [json.dumps({"path": paths[str(image)], "score": (mean - 1) / 6}) for image, mean in people.items()]
    (tmp_path / "scores.jsonl").write_text("\n".join(lines), encoding="utf-8")
    arguments = (
        "--rater",
        "lab",
        "--image",
        "path",
        "--column",
        "attractiveness=score",
        "--range",
        "attractiveness=0:1",
    )
    done = vlmrate(tmp_path, "import", "scores.jsonl", *arguments)
    assert done.returncode == 0, done.stderr
    assert "102 images of the study are not in the file" in done.stdout
    rows = load_results(study).ratings.set_index("image_id")["value"].astype(float)
    assert np.abs(rows - people.loc[rows.index]).max() < 1e-12
    assert np.corrcoef(rows, people.loc[rows.index])[0, 1] == pytest.approx(1, abs=1e-12)
