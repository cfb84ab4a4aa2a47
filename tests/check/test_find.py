"""Which baseline is meant, and what `--allow` says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from check.conftest import REPOSITORY, write_study
from vlmrate.check.allow import parse_allow, refuse_unknown
from vlmrate.check.baseline import FOLDER, read_baseline, write_baseline
from vlmrate.check.find import place_of
from vlmrate.errors import CheckError
from vlmrate.inference.prepare import Wishes

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.check.records import Baseline

FILE = "demo-tiny-context-carry.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study called demo and its baseline, in which the command is run."""
    write_study(tmp_path)
    study = tmp_path / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace("name: small", "name: demo"), encoding="utf-8")
    (tmp_path / FOLDER).mkdir(parents=True)
    shutil.copy(REPOSITORY / FOLDER / FILE, tmp_path / FOLDER / FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_only_baseline_names_the_model(folder: Path) -> None:
    """`vlmrate check` alone is enough where a study has one baseline."""
    place = place_of(Wishes(model=""), None, update=False)
    assert (place.wishes.model, place.wishes.name, place.model) == ("tiny", "tiny", "tiny")
    assert place.file.resolve() == folder / FOLDER / FILE
    assert place.output.parts[-5:] == ("results", "demo", "report", "check", "tiny-context-carry")


def test_several_baselines_are_not_chosen_from(folder: Path, baseline: Baseline) -> None:
    """The sentence names them."""
    write_baseline(folder / FOLDER / "demo-other-context-carry.json", baseline)
    with pytest.raises(CheckError, match=r"several baselines .+demo-other.+demo-tiny.+name a --model or a --baseline"):
        place_of(Wishes(model=""), None, update=False)


def test_no_baseline_says_how_to_make_one(folder: Path) -> None:
    """And --update says that it needs a model."""
    (folder / FOLDER / FILE).unlink()
    with pytest.raises(CheckError, match=r"there is no baseline of the study demo .+--update --model NAME"):
        place_of(Wishes(model=""), None, update=False)
    with pytest.raises(CheckError, match="--update needs the model"):
        place_of(Wishes(model=""), None, update=True)


def test_a_baseline_of_a_folder_names_no_model(folder: Path) -> None:
    """Where a model folder lies is the affair of one machine, so it must be named."""
    place = place_of(Wishes(model=str(REPOSITORY / "data" / "models" / "tiny")), None, update=False)
    assert place.model is None
    baseline = read_baseline(folder / FOLDER / FILE)
    write_baseline(folder / FOLDER / FILE, baseline.model_copy(update={"model": None}))
    with pytest.raises(CheckError, match="is of a model folder and does not say where that lies; name it with --model"):
        place_of(Wishes(model=""), None, update=False)


@pytest.mark.parametrize("text", ["valence.mae", "=0.1", "valence.mae=little", "valence.mae=-1", "valence.mae=nan"])
def test_an_allowance_must_be_a_number(text: str) -> None:
    """A metric, an equals sign and a number of 0 or more."""
    with pytest.raises(CheckError, match="is not METRIC=CHANGE"):
        parse_allow([text])


def test_an_allowance_must_name_a_metric_once(baseline: Baseline) -> None:
    """One that the baseline has."""
    with pytest.raises(CheckError, match=r"names valence.mae twice"):
        parse_allow(["valence.mae=0.1", "valence.mae=0.2"])
    with pytest.raises(CheckError, match=r"--allow valence.rmse: there is no such metric; there are emotion.kappa"):
        refuse_unknown(parse_allow(["valence.rmse=0.1"]), baseline.metrics)
    refuse_unknown(parse_allow(["valence.bias[emotion=sad]=0.1"]), baseline.metrics)
