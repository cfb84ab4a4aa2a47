"""Which raters there are: models.yaml, folders, and what is said when one is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import RaterError
from vlmrate.raters.mlx.model import MlxEntry, MlxModel, mlx_problem
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model, models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def models_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a models.yaml."""

    def write(text: str) -> Path:
        file = tmp_path / "models.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, so that nothing on this machine is found by chance."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_the_shipped_file_names_the_embedded_model_and_the_published_ones() -> None:
    """The models of the paper are known by short names, and one travels with vlmrate."""
    known = {model.name: model for model in models()}
    assert {"tiny", "gemma3", "llama"} <= set(known)
    assert known["tiny"].entry.embedded
    assert known["tiny"].source == "travels with vlmrate"
    assert known["gemma3"].source == known["gemma3"].entry.repo


def test_an_unknown_model_is_told_the_nearest_name() -> None:
    """A slip of the pen gets the likeliest meaning and all that is known."""
    with pytest.raises(RaterError, match=r"called 'gema3' \(did you mean gemma3\?\).*models\.yaml knows .*llama"):
        find_model("gema3")


def test_a_name_like_no_other_gets_no_guess() -> None:
    """Nothing is suggested where nothing is near."""
    with pytest.raises(RaterError, match=r"no model called 'zzz'; models\.yaml knows"):
        find_model("zzz")


def test_a_folder_is_a_model_by_its_path(tmp_path: Path) -> None:
    """Any folder may be named; its name is the rater's, its path the source."""
    folder = tmp_path / "my-model"
    folder.mkdir()
    model = find_model(str(folder))
    assert (model.name, model.source, model.folder) == ("my-model", str(folder), folder)


def test_a_path_in_the_file_is_relative_to_the_file(models_file: Callable[[str], Path], tmp_path: Path) -> None:
    """models.yaml can travel with the models beside it."""
    (tmp_path / "weights").mkdir()
    file = models_file("mine: {path: weights}\ngone: {path: nowhere}\n")
    assert find_model("mine", file).folder == tmp_path / "weights"
    assert find_model("gone", file).folder is None


def test_weights_in_the_hub_cache_are_found_without_a_network(models_file: Callable[[str], Path], no_hub: Path) -> None:
    """A snapshot that was fetched once and whole is found by its branch or its commit."""
    kept = no_hub / "models--maker--model"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("abc123\n", encoding="utf-8")
    snapshot = kept / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    file = models_file("branch: {repo: maker/model}\ncommit: {repo: maker/model, revision: abc123}\n")
    assert find_model("branch", file).folder is None
    (snapshot / "config.json").write_text("{}", encoding="utf-8")
    assert find_model("branch", file).folder is None
    (snapshot / "model-1.safetensors").touch()
    assert find_model("branch", file).folder == snapshot
    assert find_model("commit", file).folder == snapshot


def test_a_download_that_broke_off_is_not_taken_for_the_model(models_file: Callable[[str], Path], no_hub: Path) -> None:
    """Every file that the index of weights names must be there."""
    snapshot = no_hub / "models--maker--model" / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    shards = {"weight_map": {"first": "model-1.safetensors", "second": "model-2.safetensors"}}
    for name, text in (("config.json", "{}"), ("model.safetensors.index.json", json.dumps(shards))):
        (snapshot / name).write_text(text, encoding="utf-8")
    file = models_file("m: {repo: maker/model, revision: abc123}\n")
    (snapshot / "model-1.safetensors").touch()
    assert find_model("m", file).folder is None
    (snapshot / "model-2.safetensors").touch()
    assert find_model("m", file).folder == snapshot


def test_missing_weights_are_told_with_the_command_that_fetches_them(models_file: Callable[[str], Path]) -> None:
    """One sentence: what is missing, how large it is, what to type."""
    model = find_model("big", models_file("big: {repo: maker/model, revision: v2, download: 3.0 GB}\n"))
    with pytest.raises(RaterError) as refused:
        model.make([Request()])
    assert str(refused.value) == model.missing_weights()
    assert "the weights of big (maker/model, about 3.0 GB) are not on this machine" in str(refused.value)
    assert "`hf download maker/model --revision v2`" in str(refused.value)


def test_a_missing_folder_is_told_by_its_path(models_file: Callable[[str], Path]) -> None:
    """For a folder the advice is to correct the path, not to download."""
    model = find_model("gone", models_file("gone: {path: nowhere}\n"))
    with pytest.raises(RaterError, match=r"the folder of model gone \(nowhere\) is not there; correct its path"):
        model.make([Request()])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("m: {repo: a/b, pth: c}\n", "model m, key pth: Extra inputs are not permitted"),
        ("m: {repo: a/b, path: c}\n", "model m: .*give exactly one of repo, path and embedded"),
        ("m: {note: nothing}\n", "model m: .*give exactly one of repo, path and embedded"),
        ("m: {embedded: true, repo: a/b}\n", "model m: .*give exactly one of repo, path and embedded"),
        ("m: {repo: 3}\n", "model m, key repo: .*string"),
        ("m: a/b\n", "model m: .*MlxEntry"),
        ("- a\n- b\n", "must map names to models"),
        ("", "must map names to models"),
        ("m: {repo: a\n", "cannot be read"),
    ],
)
def test_mistakes_in_the_file_are_told_with_their_place(
    text: str, sentence: str, models_file: Callable[[str], Path]
) -> None:
    """The message names the file, the model and the key, in one line."""
    file = models_file(text)
    with pytest.raises(RaterError, match=sentence) as refused:
        models(file)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The path as given is in the message."""
    with pytest.raises(RaterError, match=r"none\.yaml cannot be read"):
        models(tmp_path / "none.yaml")


def test_a_folder_that_holds_no_model_is_refused_when_used(tmp_path: Path) -> None:
    """Any folder can be named; that it is no model is said when it is to be loaded."""
    if mlx_problem() is not None:
        pytest.skip("mlx cannot run on this machine")
    with pytest.raises(RaterError, match="is no model folder"):
        MlxModel("x", MlxEntry(path=str(tmp_path)), tmp_path).make([Request()])
