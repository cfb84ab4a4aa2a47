"""The protocol of raters that are not asked in words: one step that asks for every item the rater can answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.protocol.digest import protocol_digest
from vlmrate.protocol.records import Protocol, Step
from vlmrate.protocol.template import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.study.records import Item

NATIVE = "native"
"""Its name, and that of the folder in which such ratings are stored."""
IMPORTED = "imported"
"""The name for predictions made elsewhere: nobody was asked anything."""
DERIVED = "derived"
"""The name for ratings made of other ratings, and the kind in their recipe."""
WORDLESS = (NATIVE, IMPORTED, DERIVED)
"""What no protocol that asks in words may be called: what lies in such a folder is read in another way."""


def native_protocol(items: Sequence[Item], name: str = NATIVE) -> Protocol:
    """A protocol without prompts; its digest covers the items and their scales."""
    wordless = Template(Path(name), parts=(), written=(), source=b"")
    return Protocol(
        name=name,
        description="Nothing is asked in words: the rater gives its answers by itself.",
        steps=(Step(wordless, tuple(items)),),
        on_invalid="carry-text",
        digest=protocol_digest(name.encode(), [], [item.name for item in items], items),
    )
