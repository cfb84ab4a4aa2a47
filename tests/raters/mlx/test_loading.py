"""Loading a folder: what mlx-vlm misreads is put right, what is unsafe or broken refused, what decides digested."""

from __future__ import annotations

import json
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vlmrate.errors import RaterError
from vlmrate.protocol.records import Question
from vlmrate.raters.mlx.loading import folder_digest, load_model
from vlmrate.raters.mlx.prompt import picture_first
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL.Image import Image

    Folder = Callable[[str], Path]
    Opened = Callable[..., Image]

MOOD = Item("mood", Labels(("happy", "sad")))


@pytest.fixture
def copied(model_folder: Folder, tmp_path: Path) -> Callable[..., Path]:
    """A copy of a small folder that may be spoilt."""
    return lambda name="gemma3", to="copy": shutil.copytree(model_folder(name), tmp_path / to)


def change(file: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit a JSON file in place."""
    content = json.loads(file.read_text(encoding="utf-8"))
    edit(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def logits(folder: Path, picture: Image, *, reference: bool) -> np.ndarray:
    """What a model says to one question about a picture, picture first, two-way attention in either case."""
    loaded = load_model(folder, reference=reference)
    reader = MlxRater(loaded)._architecture
    return np.array(reader.read(reader.look(picture), picture_first(loaded.processor, "x")("Well?")).logits)


def without_hidden_size(config: dict[str, Any]) -> None:
    """As published: only the text part names its width."""
    del config["hidden_size"]


def without_picture_tokens(config: dict[str, Any]) -> None:
    """As published: the number of picture tokens stands at the top only."""
    del config["text_config"]["mm_tokens_per_image"]


def with_newer_rotary_names(config: dict[str, Any]) -> None:
    """As transformers 5 saves it: scaling and bases under rope_parameters, the pattern under a private name."""
    text = config["text_config"]
    text["rope_parameters"] = {
        "full_attention": {**text.pop("rope_scaling"), "rope_theta": 1_000_000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
    }
    text["_sliding_window_pattern"] = text.pop("sliding_window_pattern")


def as_published(config: dict[str, Any]) -> None:
    """Everything left out at once."""
    for edit in (without_hidden_size, without_picture_tokens, with_newer_rotary_names):
        edit(config)


@pytest.mark.parametrize(
    "edit",
    [without_hidden_size, without_picture_tokens, with_newer_rotary_names, as_published],
    ids=lambda e: e.__name__,
)
def test_reference_fidelity_reads_a_config_as_its_makers_mean_it(
    edit: Callable[[dict[str, Any]], None], copied: Callable[..., Path], model_folder: Folder, opened: Opened
) -> None:
    """A config that leaves to the makers' code what mlx-vlm guesses wrong gives the complete config's logits."""
    folder = copied("gemma3_window")
    change(folder / "config.json", edit)
    found = logits(folder, opened(), reference=True)
    assert np.array_equal(found, logits(model_folder("gemma3_window"), opened(), reference=True))


def test_library_fidelity_reads_a_config_as_mlx_vlm_does(
    copied: Callable[..., Path], model_folder: Folder, opened: Opened
) -> None:
    """Without a hidden_size mlx-vlm takes 2048, whatever the width; that is kept when its own way is asked for."""
    left_out, written = copied("gemma3", "left_out"), copied("gemma3", "written")
    change(left_out / "config.json", without_hidden_size)
    change(written / "config.json", lambda config: config.update(hidden_size=2048))
    found = logits(left_out, opened(), reference=False)
    assert np.array_equal(found, logits(written, opened(), reference=False))
    assert np.abs(found - logits(model_folder("gemma3"), opened(), reference=False)).max() > 0.01


def test_library_fidelity_misses_rotary_scaling_under_its_newer_name(
    copied: Callable[..., Path], model_folder: Folder, opened: Opened
) -> None:
    """The difference that reference fidelity mends is a real one."""
    folder = copied("gemma3")
    change(folder / "config.json", lambda config: config["text_config"].pop("rope_scaling"))
    found = logits(folder, opened(), reference=False)
    assert np.abs(found - logits(model_folder("gemma3"), opened(), reference=False)).max() > 0.01


def test_the_folder_itself_is_not_changed(copied: Callable[..., Path]) -> None:
    """Settings are put right in memory: not a byte of the folder changes."""
    folder = copied("gemma3")
    change(folder / "config.json", as_published)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    load_model(folder, reference=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("spoilt", [False, True])
def test_nothing_is_left_in_the_temporary_folder(
    spoilt: bool, copied: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether loading works or fails, what was laid out for it is gone afterwards."""
    folder = copied("gemma3")
    if spoilt:
        (folder / "model.safetensors").write_bytes(b"no weights")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    try:
        load_model(folder, reference=True)
    except RaterError:
        assert spoilt
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("fidelity", ["reference", "mlx-vlm"])
@pytest.mark.parametrize("name", ["gemma3", "mllama", "qwen2_5_vl"])
def test_a_folder_without_chat_template_is_refused(name: str, fidelity: Any, copied: Callable[..., Path]) -> None:
    """mlx-vlm would send bare text; the sentence says which file is missing."""
    folder = copied(name)
    (folder / "chat_template.jinja").unlink()
    loaded = load_model(folder, reference=fidelity == "reference")
    with pytest.raises(RaterError, match=r"copy has no chat template.*chat_template\.jinja"):
        MlxRater(loaded, fidelity=fidelity)


def test_a_chat_template_in_json_will_do(copied: Callable[..., Path], opened: Opened, model_folder: Folder) -> None:
    """The older file for the template is read as well."""
    folder = copied("gemma3")
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}), encoding="utf-8")
    found = logits(folder, opened(), reference=True)
    assert np.array_equal(found, logits(model_folder("gemma3"), opened(), reference=True))


@pytest.mark.parametrize("weights", ["pytorch_model.bin", "model.pt", "weights.npz"])
def test_weights_that_are_not_safetensors_are_refused(weights: str, copied: Callable[..., Path]) -> None:
    """Pickled weights may run code when read: they are not even opened."""
    folder = copied()
    (folder / "model.safetensors").rename(folder / weights)
    with pytest.raises(RaterError, match=r"holds no \.safetensors weights; other formats may run code"):
        load_model(folder, reference=True)


@pytest.mark.parametrize("key", ["auto_map", "model_file"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "processor_config.json"])
def test_a_folder_with_code_of_its_own_is_refused(file: str, key: str, copied: Callable[..., Path]) -> None:
    """A model that asks for its own Python is not run, wherever it asks; the code leaves no trace."""
    folder = copied()
    trace = folder / "ran"
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w').close()\n", encoding="utf-8")
    change(folder / file, lambda config: config.update({key: "own.py"}))
    with pytest.raises(RaterError, match=rf"{file} asks for code of its own \({key}\)"):
        load_model(folder, reference=False)
    assert not trace.exists()


def test_the_digest_follows_all_that_decides_and_nothing_else(
    copied: Callable[..., Path], model_folder: Folder
) -> None:
    """A copy under another name with a README has the same digest; one byte of weights or template makes another."""
    whole = folder_digest(model_folder("gemma3"))
    folder = copied("gemma3", "another_name")
    (folder / "README.md").write_text("hello", encoding="utf-8")
    assert folder_digest(folder) == whole
    seen = {whole}
    for name in ("model.safetensors", "chat_template.jinja", "config.json", "tokenizer.json"):
        content = bytearray((folder / name).read_bytes())
        content[-1] ^= 1
        (folder / name).write_bytes(content)
        seen.add(folder_digest(folder))
    (folder / "generation_config.json").write_text('{"eos_token_id": 7}', encoding="utf-8")
    assert len(seen | {folder_digest(folder)}) == 6


def test_a_renamed_file_is_another_model(copied: Callable[..., Path], model_folder: Folder) -> None:
    """Names are digested with contents, so that two files cannot change places unseen."""
    folder = copied()
    (folder / "chat_template.jinja").rename(folder / "chat_template.json")
    assert folder_digest(folder) != folder_digest(model_folder("gemma3"))


@pytest.mark.parametrize("reference", [True, False])
@pytest.mark.parametrize("kept", [0.5, 0.999, 4])
def test_truncated_weights_are_one_sentence(kept: float, reference: bool, copied: Callable[..., Path]) -> None:
    """A download that broke off is told in one line that names the folder, at whatever byte it broke off."""
    folder = copied()
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: int(kept * len(content)) if kept < 1 else int(kept)])
    with pytest.raises(RaterError, match="cannot load the model folder") as refused:
        load_model(folder, reference=reference)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_without_config_is_no_model(tmp_path: Path) -> None:
    """Any other folder given by mistake is told apart at once."""
    with pytest.raises(RaterError, match=r"is no model folder: it has no config\.json"):
        load_model(tmp_path, reference=True)


def test_a_config_that_is_no_json_is_named(copied: Callable[..., Path]) -> None:
    """The sentence names the file."""
    folder = copied()
    (folder / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(RaterError, match=r"config\.json is not readable JSON"):
        load_model(folder, reference=True)


@pytest.mark.parametrize("content", ["[1]", "{}", '{"model_type": "gemma3"}', '{"model_type": "nothing_like_it"}'])
def test_a_config_of_another_kind_is_one_sentence(content: str, copied: Callable[..., Path]) -> None:
    """JSON that describes no model mlx-vlm knows is refused, not a traceback."""
    folder = copied()
    (folder / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(RaterError) as refused:
        load_model(folder, reference=True)
    assert str(folder) in str(refused.value)


def test_half_precision_weights_are_widened_on_a_processor(copied: Callable[..., Path], opened: Opened) -> None:
    """On a CPU halves are computed in float32, and the settings say so."""
    import mlx.core as mx

    if mx.default_device().type != mx.cpu:
        pytest.skip("this machine computes on a GPU, where half precision stays")
    folder = copied()
    weights = {name: array.astype(mx.float16) for name, array in mx.load(str(folder / "model.safetensors")).items()}
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    loaded = load_model(folder, reference=True)
    assert loaded.dtype == "float32"
    assert np.isfinite(logits(folder, opened(), reference=True)).all()


@pytest.mark.parametrize("name", ["gemma3", "mllama", "smolvlm", "qwen2_5_vl"])
def test_every_declared_end_ends_an_answer(name: str, copied: Callable[..., Path]) -> None:
    """All end marks of config.json and the tokenizer's own are stops."""
    folder = copied(name)
    loaded = load_model(folder, reference=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert loaded.stops >= {*config["eos_token_id"], loaded.processor.tokenizer.eos_token_id}


def test_a_rater_ends_where_the_folder_says(copied: Callable[..., Path], picture: Callable[..., Path]) -> None:
    """With the token it says first declared an end, a model says nothing, and says that it stopped by itself."""
    folder = copied()
    question = Question("Well?", (MOOD,))
    said = MlxRater(load_model(folder, reference=True)).view(picture(), 0).ask(question)
    assert said.finish == "length"
    first = int(logits(folder, _opened(picture()), reference=True).argmax())
    change(folder / "config.json", lambda config: config["eos_token_id"].append(first))
    ended = MlxRater(load_model(folder, reference=True)).view(picture(), 0).ask(question)
    assert (ended.text, ended.answer_tokens, ended.finish) == ("", 0, "stop")


def _opened(file: Path) -> Image:
    from PIL import Image

    return Image.open(file).convert("RGB")
