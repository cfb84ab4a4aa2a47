"""protocol.yaml: what may stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, Strict, ValidationError

from vlmrate.errors import ProtocolError
from vlmrate.records import Record
from vlmrate.study.faults import Fault
from vlmrate.study.file import Text, Words
from vlmrate.study.messages import problem
from vlmrate.study.yamlfile import dotted, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from vlmrate.study.yamlfile import YamlText

PROTOCOL_FILE = "protocol.yaml"


class StepBlock(Record):
    """One prompt of the protocol."""

    asks: Annotated[Words, Field(min_length=1)] = Field(description="The items read from the answer.")
    template: Text = Field(description="The file of the prompt, inside the protocol's folder.")
    answer: Literal["text", "json"] = Field(default="text", description="The form of answer asked for.")


class ProtocolFile(Record):
    """A protocol: the prompts in their order, and what becomes of an answer that cannot be read."""

    description: Text = Field(description="What sets this protocol apart, in a sentence.")
    # YAML knows lists only, so a tuple is read from one; what is inside stays strict.
    steps: Annotated[tuple[StepBlock, ...], Strict(strict=False), Field(min_length=1)] = Field(
        description="The prompts, in the order in which they are sent."
    )
    on_invalid: Literal["carry-text", "stop"] = Field(
        default="carry-text", description="Carry an unreadable answer on as it was said, or ask no further."
    )
    forces: dict[str, Literal["each", "wrong"]] = Field(
        default_factory=dict,
        description="Items whose answers templates carry whatever the rater says: each valid one in turn, or a wrong "
        "label.",
    )


def read_protocol_file(file: Path) -> ProtocolFile:
    """Read protocol.yaml.

    Raises:
        ProtocolError: It is missing, no YAML, or does not fit; the message names file, line and key.
    """
    text, faults = read_yaml(file)
    if text is None or faults:
        raise ProtocolError(str(faults[0]))
    if not isinstance(text.content, dict):
        raise ProtocolError(str(Fault(file, text.line(()), None, "must be keys with values, such as steps: [...]")))
    try:
        return ProtocolFile.model_validate(text.content)
    except ValidationError as error:
        first, *others = [_fault(text, detail) for detail in error.errors(include_url=False)]
        more = f" … and {len(others):,} more" if others else ""
        raise ProtocolError(f"{first}{more}") from error


def _fault(text: YamlText, detail: ErrorDetails) -> Fault:
    path = detail["loc"]
    block = ProtocolFile if len(path) == 1 else StepBlock
    return Fault(text.file, text.line(path), dotted(path), problem(detail, tuple(block.model_fields)))
