"""From a question to the string a model reads: its own chat template, one user turn, the picture in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vlmrate.errors import RaterError

PromptWriter = Callable[[str], str]


def picture_first(processor: Any, folder_name: str) -> PromptWriter:
    """Write prompts with the model's own template, the picture before the words, as the models' cards do.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    source = _template_source(processor, folder_name)

    def write(text: str) -> str:
        content = [{"type": "image"}, {"type": "text", "text": text}]
        written: str = source.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        return written

    return write


def words_only(processor: Any, folder_name: str) -> PromptWriter:
    """Write a turn without a picture, with the model's own template.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    source = _template_source(processor, folder_name)

    def write(text: str) -> str:
        content = [{"type": "text", "text": text}]
        written: str = source.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        return written

    return write


def as_library(model: Any, processor: Any, folder_name: str) -> PromptWriter:
    """Write prompts with mlx-vlm's own function, which puts the picture where that library wants it.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    from mlx_vlm.prompt_utils import apply_chat_template

    _template_source(processor, folder_name)

    def write(text: str) -> str:
        written: str = apply_chat_template(processor, model.config, text, num_images=1)
        return written

    return write


def _template_source(processor: Any, folder_name: str) -> Any:
    """The processor or its tokenizer, whichever holds the chat template."""
    for source in (processor, getattr(processor, "tokenizer", None)):
        if source is not None and getattr(source, "chat_template", None):
            return source
    raise RaterError(
        f"the model folder {folder_name} has no chat template, so prompts would be sent as bare text; "
        "put the model's chat_template.jinja (or chat_template.json) beside its config.json"
    )
