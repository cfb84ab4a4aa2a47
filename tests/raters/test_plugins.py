"""Raters that installed packages add: one that works from end to end, and what is said of those that do not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from raters.packages import ECHO, install, install_echo
from vlmrate import raters
from vlmrate.errors import RaterError
from vlmrate.raters import registry
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model, plugins
from vlmrate.study.images import open_image
from vlmrate.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "adding-a-rater.md"
VLMRATE = str(Path(sys.executable).with_name("vlmrate"))

MODULE = """\
from dataclasses import dataclass
from vlmrate.raters import Model

class Mine(Model):
    native = True
    kind = "mine"
    source = "a test"

    def make(self, requests):
        return tuple(Rater() for _ in requests)

@dataclass
class Rater:
    workers: int = 1
    settings = {"kind": "mine"}

def model(named):
    return Mine(named.name)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages on sys.path, empty; what is imported from it is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


def vlmrate(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command where the packages of `site` are installed as well."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": path}
    return subprocess.run(
        [VLMRATE, *arguments], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_an_installed_package_rates_the_demo_study(site: Path, tmp_path: Path) -> None:
    """`vlmrate models` lists its kind; the same infer as with any model rates all images, and its values are those of
    the pictures."""
    install_echo(site)
    listed = vlmrate(site, "models", "--json")
    assert json.loads(listed.stdout)["plugins"] == {"echo": {"package": "echo-rater", "problem": None}}
    assert "echo:NAME comes with the package echo-rater" in vlmrate(site, "models").stdout

    done = vlmrate(site, "infer", "--model", "echo:loud", "--results", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rated"] == 144
    folder = tmp_path / "demo" / "loud" / "native"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["recipe"]["settings"] == {"kind": "echo", "gain": 2.0}
    rating = json.loads((folder / "ratings" / "p01_happy.json").read_text(encoding="utf-8"))
    answers = {answer["item"]: answer for answer in rating["steps"][0]["answers"]}
    picture = np.asarray(open_image(REPOSITORY / "data/demo/images/p01_happy.jpg").convert("L"), dtype=float)
    echo = min(max(0.5 + 2.0 * (picture.mean() / 255 - 0.5), 0.0), 1.0)
    assert answers["valence"]["value"] == pytest.approx(1 + 8 * echo, abs=8 * 0.02)
    assert answers["emotion"]["value"] in ("happy", "sad", "angry", "fear", "disgust", "neutral")
    assert {answer["route"] for answer in answers.values()} == {"native"}


def test_an_entry_of_models_yaml_sets_it(site: Path, tmp_path: Path) -> None:
    """Under its full name an entry of another models.yaml is the package's own record, and the model is listed."""
    install_echo(site)
    models = tmp_path / "models.yaml"
    models.write_text("echo:loud: {gain: 3.5}\n", encoding="utf-8")
    listed = json.loads(vlmrate(site, "models", "--models-file", str(models), "--json").stdout)
    assert [(model["name"], model["kind"], model["needs"]) for model in listed["models"]] == [
        ("echo:loud", "echo", None)
    ]
    arguments = ("--model", "echo:loud", "--models-file", str(models), "--limit", "2", "--results", str(tmp_path))
    done = vlmrate(site, "infer", *arguments)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "demo/loud/native/manifest.json").read_text(encoding="utf-8"))
    assert manifest["recipe"]["settings"]["gain"] == 3.5

    models.write_text("echo:loud: {gian: 3.5}\n", encoding="utf-8")
    refused = vlmrate(site, "infer", *arguments)
    assert (refused.returncode, "model echo:loud, key gain: Field required" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "echo:whisper"), "there is no echo called 'whisper'; there are loud, soft"),
        (("--model", "echo:loud", "--protocol", "context-carry"), "answers by itself and is not asked in words"),
        (("--model", "echo:loud", "--temperature", "0.7"), "--temperature does not apply to echo:loud"),
        (("--model", "eco:loud"), "there is no model called 'eco:loud'"),
    ],
)
def test_what_it_refuses_is_told_as_of_any_model(
    site: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Its own sentences and those of vlmrate reach the person, with exit code 2."""
    install_echo(site)
    refused = vlmrate(site, "infer", "--results", str(tmp_path), *arguments)
    assert refused.returncode == 2
    assert said in " ".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("module", "point", "said"),
    [
        ("x = 1\n", "mine:model", r"the package mine adds raters of kind mine:, but mine:model cannot be imported"),
        ("import nothing_of_this_name\n", "mine:model", r"cannot be imported: No module named 'nothing_of_this_name'"),
        ("model = 3\n", "mine:model", r"mine:model is no function that makes models \(it is a int\)"),
        ("def model(:\n", "mine:model", r"the package mine, which adds .* failed on 'mine:a': SyntaxError"),
        ("def model(named): return 1 / 0\n", "mine:model", r"failed on 'mine:a': ZeroDivisionError: division by zero"),
        ("def model(named): return 'me'\n", "mine:model", r"TypeError: made a str where a vlmrate\.raters\.Model is"),
        ("def model(): return None\n", "mine:model", r"failed on 'mine:a': TypeError: model\(\) takes 0 positional"),
    ],
)
def test_a_package_that_makes_no_model_is_named(site: Path, module: str, point: str, said: str) -> None:
    """Whatever is wrong with it, one sentence says which package it is and what happened."""
    install(site, "mine", module, {"mine": point})
    with pytest.raises(RaterError, match=said) as refused:
        find_model("mine:a")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("tuple(Rater() for _ in requests)", "1 / 0"), "failed at make of mine:a: ZeroDivisionError"),
        (("tuple(Rater() for _ in requests)", "()"), "failed at make of mine:a: ValueError: made 0 raters for 1 req"),
        (('{"kind": "mine"}', '{"kind": ["mine"]}'), r"TypeError: the setting 'kind' is \['mine'\]; settings are"),
        (("workers: int = 1", "workers: int = 0"), "ValueError: workers is 0, and must be a whole number from 1"),
    ],
)
def test_a_model_that_fails_when_it_is_made_is_told_as_its_packages(
    site: Path, change: tuple[str, str], said: str
) -> None:
    """Nothing of it counts as a fault of vlmrate."""
    install(site, "mine", MODULE.replace(*change), {"mine": "mine:model"})
    with pytest.raises(RaterError, match=said) as refused:
        find_model("mine:a").make([Request()])
    assert "the package mine, which adds raters of kind mine:" in str(refused.value)


@pytest.mark.parametrize("name", ["source", "note", "size", "about", "rater_name", "temperature", "missing", "kind"])
def test_every_question_to_a_model_has_the_border_around_it(site: Path, name: str) -> None:
    """A property or method that raises is told with its name."""
    member = f"    @property\n    def {name}(self):\n        raise KeyError('lost')\n\n    def make("
    install(site, "mine", MODULE.replace("    def make(", member), {"mine": "mine:model"})
    model = find_model("mine:a")
    ask = model.missing if name == "missing" else lambda: getattr(model, name)
    with pytest.raises(RaterError, match=rf"failed at {name} of mine:a: KeyError: 'lost'; tell its authors"):
        ask()


def test_a_model_is_asked_through_the_border_and_answers_as_it_is(site: Path) -> None:
    """What the package says comes through, its usual answers those of any model."""
    install(site, "mine", MODULE, {"mine": "mine:model"})
    model = find_model("mine:a")
    assert (model.name, model.kind, model.source, model.native) == ("mine:a", "mine", "a test", True)
    assert (model.rater_name, model.temperature, model.priced, model.about) == ("a", 0.0, False, {})
    assert (model.missing(), model.remedy(), model.warning(), model.note) == (None, None, None, None)
    assert (model.size, model.quantisation) == ("", "")
    study = load_study(REPOSITORY / "configs" / "study.yaml")
    assert model.answers(study.items) == study.items
    assert [rater.settings for rater in model.make([Request(), Request()])] == [{"kind": "mine"}] * 2


def test_two_packages_with_one_kind_are_both_named(site: Path) -> None:
    """Neither is chosen; the list of models still works."""
    install(site, "mine", MODULE, {"mine": "mine:model"})
    install(site, "yours", MODULE, {"mine": "yours:model", "other": "yours:model"})
    with pytest.raises(RaterError, match="the packages mine and yours both add raters of kind mine:; remove one"):
        find_model("mine:a")
    assert find_model("other:a").name == "other:a"
    assert "both add raters of kind mine:" in vlmrate(site, "models").stdout


def test_a_kind_of_vlmrates_own_stays_so(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package cannot take the place of a kind that vlmrate has; that it tried is said."""
    monkeypatch.setitem(registry._KINDS, "ours", ("echo_rater", "echo_model"))
    install_echo(site)
    install(site, "mine", MODULE, {"ours": "mine:model"})
    assert find_model("ours:loud").kind == "echo"
    problem = plugins()["ours"].problem
    assert problem is not None
    assert "the package mine adds raters of kind ours:, which vlmrate has itself" in problem


def test_a_kind_that_cannot_be_typed_is_told(site: Path) -> None:
    """A colon or a space in it can never be reached."""
    install(site, "mine", MODULE, {"my kind": "mine:model"})
    problem = plugins()["my kind"].problem
    assert problem is not None
    assert "cannot be typed after --model" in problem


def test_an_entry_of_a_kind_that_nobody_adds_is_told_with_its_place(tmp_path: Path) -> None:
    """models.yaml may name a package that was not installed: the file, the name and the kind are told."""
    models = tmp_path / "models.yaml"
    models.write_text("echo:loud: {gain: 3.5}\n", encoding="utf-8")
    with pytest.raises(RaterError, match=r"models\.yaml: model echo:loud: no kind of rater is called 'echo'"):
        find_model("echo:loud", models)


def test_the_page_shows_the_very_code() -> None:
    """docs/adding-a-rater.md shows all of the package's code, in pieces, and its pyproject.toml."""
    blocks = re.findall(r"^```(python|toml)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for language, name in (("python", "echo_rater.py"), ("toml", "pyproject.toml")):
        shown = "".join(text for of, text in blocks if of == language)
        written = (ECHO / name).read_text(encoding="utf-8")
        assert [line for line in shown.splitlines() if line] == [line for line in written.splitlines() if line]


def test_the_page_names_everything_public() -> None:
    """Whatever vlmrate.raters offers to authors is explained on the page, and nothing else is offered."""
    page = PAGE.read_text(encoding="utf-8")
    for name in raters.__all__:
        assert f"`{name}`" in page
        assert getattr(raters, name) is not None
