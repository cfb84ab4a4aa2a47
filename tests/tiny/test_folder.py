"""The model's folder: small, complete, free of torch, and made by the code beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from vlmrate.resources import embedded_model_folder
from vlmrate.simulate.faces import EMOTIONS
from vlmrate.tiny.prompts import DIGITS, Prompt, all_prompts
from vlmrate.tiny.tokenizer import chat, encode, train_tokenizer, write_processor

if TYPE_CHECKING:
    from vlmrate.tiny.asking import TinyModel

FOLDER = embedded_model_folder()
FILES = {
    "README.md",
    "chat_template.jinja",
    "config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def test_folder_is_complete_and_small() -> None:
    """All files that loaders read and the model card, at most 5 MB together."""
    assert {file.name for file in FOLDER.iterdir()} == FILES
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 5_000_000


def test_config_holds_the_keys_that_mlx_vlm_would_miss_in_silence() -> None:
    """Top-level hidden_size, rope_scaling and the number of image tokens are written where mlx-vlm looks."""
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    text = config["text_config"]
    assert config["hidden_size"] == text["hidden_size"]
    assert text["rope_scaling"] == {"factor": 8.0, "rope_type": "linear"}
    assert text["mm_tokens_per_image"] == config["mm_tokens_per_image"] == 16


def test_loads_without_torch_and_without_network() -> None:
    """A fresh interpreter loads the model offline and never imports torch."""
    program = (
        "import sys; from vlmrate.resources import embedded_model_folder; from vlmrate.tiny.asking import TinyModel; "
        "TinyModel.load(embedded_model_folder()); sys.exit('torch' in sys.modules)"
    )
    environment = {"HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tokenizer_is_what_the_code_makes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Training the tokenizer again gives the stored files byte for byte: prompts and model belong together."""
    made = tmp_path_factory.mktemp("made")
    write_processor(made, train_tokenizer())
    for file in made.iterdir():
        assert file.read_text(encoding="utf-8") == (FOLDER / file.name).read_text(encoding="utf-8"), file.name


@pytest.mark.parametrize("word", [*EMOTIONS, *(str(digit) for digit in DIGITS)])
def test_every_answer_is_one_token(word: str) -> None:
    """Labels, plain, capitalised or after a space, and digits are single tokens."""
    tokenizer = train_tokenizer()
    forms = {word, word.capitalize()} if word.isdigit() else {word, word.capitalize(), f" {word}", f" {word.title()}"}
    assert {len(encode(tokenizer, form)) for form in forms} == {1}


def test_chat_template_writes_what_training_saw(tiny: TinyModel) -> None:
    """Every prompt, through the stored chat template and processor, has the ids it had in training."""
    tokenizer = train_tokenizer()
    for prompt in all_prompts():
        assert tiny.ids(prompt.text) == encode(tokenizer, chat(prompt.text))


def test_carried_answers_do_not_change_a_prompts_length() -> None:
    """Prompts of one step are equally long whatever they carry, so that batches need no padding."""
    tokenizer = train_tokenizer()
    lengths = {
        len(encode(tokenizer, chat(Prompt("context-carry", "arousal", emotion, digit).text)))
        for emotion in EMOTIONS
        for digit in DIGITS
    }
    assert len(lengths) == 1
