"""The tiny model's tokenizer, chat template and processor files: Gemma 3's special tokens and a few hundred words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from vlmrate.simulate.faces import EMOTIONS
from vlmrate.tiny.data import MODEL_SIZE
from vlmrate.tiny.prompts import DIGITS, all_prompts, json_answer

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_TOKENS = 16
SPECIAL = (
    "<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>",
    "<start_of_image>", "<end_of_image>", "<image_soft_token>",
)  # fmt: skip
PAD, EOS, BOS, END_OF_TURN, START_OF_IMAGE, END_OF_IMAGE, IMAGE = 0, 1, 2, 5, 6, 7, 8
IMAGE_BLOCK = "\n\n<start_of_image>" + "<image_soft_token>" * IMAGE_TOKENS + "<end_of_image>\n\n"
CHAT_TEMPLATE = """\
{{ bos_token }}
{%- for message in messages -%}
    {{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- else -%}
        {%- for part in message['content'] -%}
            {{ '<start_of_image>' if part['type'] == 'image' else part['text'] | trim }}
        {%- endfor -%}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}
"""


def train_tokenizer() -> Tokenizer:
    """A byte-level BPE tokenizer, always the same: digits stand alone, every label and frequent word is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1024,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    bos = [("<bos>", BOS)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=bos
    )
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Ids of `text`; no BOS is added, for the chat template writes it."""
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def token_of(tokenizer: Tokenizer, word: str) -> int:
    """The id of a word that must be one token; raises ValueError if it is several."""
    ids = encode(tokenizer, word)
    if len(ids) != 1:
        raise ValueError(f"{word!r} is {len(ids)} tokens, not one")
    return ids[0]


def chat(text: str, image_first: bool = True) -> str:
    """What the chat template and the processor make of one user turn with an image, ready for the answer."""
    content = IMAGE_BLOCK + text if image_first else text + IMAGE_BLOCK
    return f"<bos><start_of_turn>user\n{content}<end_of_turn>\n<start_of_turn>model\n"


def write_processor(folder: Path, tokenizer: Tokenizer) -> None:
    """Write the tokenizer, chat template and processor files that transformers and mlx-vlm read."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    tokens = {"boi_token": SPECIAL[6], "eoi_token": SPECIAL[7], "image_token": SPECIAL[8]}
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<bos>",
            "eos_token": "<eos>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_max_length": 4096,
            "clean_up_tokenization_spaces": False,
            **tokens,
            "extra_special_tokens": tokens,
            "processor_class": "Gemma3Processor",
        },
    )
    _write_json(
        folder / "processor_config.json", {"processor_class": "Gemma3Processor", "image_seq_length": IMAGE_TOKENS}
    )
    _write_json(folder / "preprocessor_config.json", _preprocessor())


def _preprocessor() -> dict[str, Any]:
    return {
        "image_processor_type": "Gemma3ImageProcessor",
        "processor_class": "Gemma3Processor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": MODEL_SIZE, "width": MODEL_SIZE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "do_pan_and_scan": None,
        "image_seq_length": IMAGE_TOKENS,
    }


def _corpus() -> list[str]:
    prompts = [prompt.text for prompt in all_prompts()]
    answers = [json_answer(emotion=emotion, valence=digit, arousal=digit) for emotion in EMOTIONS for digit in DIGITS]
    single = [json_answer(**{item: digit}) for item in ("valence", "arousal") for digit in DIGITS]
    words = [form for label in EMOTIONS for form in (label, f" {label}", label.capitalize(), f" {label.capitalize()}")]
    return prompts + answers + single + ["user", "model", "system", "assistant"] * 50 + words * 50


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
