"""From a question to the string a model reads: its own chat template, one user turn, the picture in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from vlmrate.raters.mlx.decoding import Decoding, Variable

PromptWriter = Callable[[str], str]

_USUAL_SWITCH = "enable_thinking"


def thinking_variables(processor: Any, folder_name: str, decoding: Decoding) -> Mapping[str, Variable]:
    """What the chat template is told of thinking: as declared, else the usual variable where the template has it.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    template = _template_source(processor, folder_name).chat_template
    if decoding.template is not None:
        return decoding.template
    return {_USUAL_SWITCH: decoding.thinks} if _USUAL_SWITCH in str(template) else {}


def closed_at_once(write: PromptWriter, end: str) -> PromptWriter:
    """Write prompts whose template opens reasoning with that reasoning ended, empty, so that the answer comes next."""
    return lambda text: f"{write(text).rstrip()}\n\n{end}\n\n"


def picture_first(processor: Any, folder_name: str, variables: Mapping[str, Variable] | None = None) -> PromptWriter:
    """Write prompts with the model's own template, the picture before the words, as the models' cards do.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    source = _template_source(processor, folder_name)

    def write(text: str) -> str:
        content = [{"type": "image"}, {"type": "text", "text": text}]
        written: str = source.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True, **(variables or {})
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


def as_library(
    model: Any, processor: Any, folder_name: str, variables: Mapping[str, Variable] | None = None
) -> PromptWriter:
    """Write prompts with mlx-vlm's own function, which puts the picture where that library wants it.

    Raises:
        RaterError: The model's folder has no chat template.
    """
    from mlx_vlm.prompt_utils import apply_chat_template

    _template_source(processor, folder_name)

    def write(text: str) -> str:
        written: str = apply_chat_template(processor, model.config, text, num_images=1, **(variables or {}))
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
