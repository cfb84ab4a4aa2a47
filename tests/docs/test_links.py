"""Links between the documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted({REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")})


def anchors(document: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.relative_to(REPOSITORY).as_posix())
def test_every_link_to_a_document_leads_to_its_heading(document: Path) -> None:
    """The file is there, and so is the heading after #."""
    text = document.read_text(encoding="utf-8")
    for link, heading in re.findall(r"\]\(([^)#:\s]*\.md)(?:#([^)\s]+))?\)", text):
        target = document.parent / link
        assert target.is_file(), link
        assert not heading or heading in anchors(target), f"{link}#{heading}"
