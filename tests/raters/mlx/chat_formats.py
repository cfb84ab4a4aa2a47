"""Tokenizers and chat formats of the small model folders: marks and turns as each family has them, few words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

# Enough repetition that some labels become one token and others (disgust, fear) stay several, as in real vocabularies.
_CORPUS = [
    "What is the expression in this image? Choose one: happy, sad, angry, neutral. Answer with a single word only.",
    "You identified this as happy sad angry neutral. How pleasant or intense is this? Rate from 1 to 9, where 1 is",
] * 20 + [form for word in ("happy", "sad", "angry", "neutral") for form in (word, f" {word}")] * 40
_CORPUS += ["dis", "gust"] * 40

_TURN = "{% for turn in messages %}"
_PARTS = (
    "{% if turn.content is string %}{{ turn.content | trim }}{% else %}{% for part in turn.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}"
)
GEMMA_TEMPLATE = (
    "{{ bos_token }}" + _TURN + "<start_of_turn>{{ turn.role }}{{ '\\n' }}" + _PARTS + "<end_of_turn>{{ '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model{{ '\\n' }}{% endif %}"
).replace("IMAGE", "<start_of_image>")
LLAMA_TEMPLATE = (
    "{{ bos_token }}"
    + _TURN
    + "<|start_header_id|>{{ turn.role }}<|end_header_id|>{{ '\\n\\n' }}"
    + _PARTS
    + "<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>{{ '\\n\\n' }}{% endif %}"
).replace("IMAGE", "<|image|>")
QWEN_TEMPLATE = (
    _TURN + "<|im_start|>{{ turn.role }}{{ '\\n' }}" + _PARTS + "<|im_end|>{{ '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant{{ '\\n' }}{% endif %}"
).replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
QWEN_THINKING_TEMPLATE = QWEN_TEMPLATE.replace("assistant{{ '\\n' }}", "assistant{{ '\\n' }}<think>{{ '\\n' }}")
SMOLVLM_TEMPLATE = (
    "<|im_start|>" + _TURN + "{{ turn.role | capitalize }}:" + _PARTS + "<end_of_utterance>{{ '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
).replace("IMAGE", "<image>")

GEMMA_MARKS = (
    "<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>",
    "<start_of_image>", "<end_of_image>", "<image_soft_token>",
)  # fmt: skip
LLAMA_MARKS = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|finetune_right_pad_id|>", "<|python_tag|>", "<|eom_id|>",
)  # fmt: skip
QWEN_MARKS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
SMOLVLM_MARKS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", "<end_of_utterance>",
    "<global-img>",
)  # fmt: skip


def train_tokenizer(marks: tuple[str, ...], size: int = 400) -> Tokenizer:
    """A byte-level tokenizer of a few hundred pieces, printable ASCII only, every digit a piece of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    printable = [*map(chr, range(33, 127)), "Ġ", "Ċ"]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(marks), initial_alphabet=printable, show_progress=False
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    return tokenizer


def save_tokenizer(
    folder: Path, tokenizer: Tokenizer, template: str, *, begin: str | None, end: str, pad: str,
    more: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write tokenizer and chat template; the tokenizer puts `begin` before what it is given, as the real ones do."""
    from tokenizers import processors

    if begin is not None and begin != "<|im_start|>":
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A", special_tokens=[(begin, tokenizer.token_to_id(begin))]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": begin, "eos_token": end, "pad_token": pad,
        "model_max_length": 131072, "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    write_json(folder / "tokenizer_config.json", config | (more or {}))
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a JSON file."""
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
