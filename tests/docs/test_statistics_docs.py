"""The statistics documents: their examples run, R's numbers beside them are ours, and nothing public is left out."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import vlmrate.stats
import vlmrate.stats.mixed

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.:])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.:]*\w)", re.IGNORECASE)
ROW_NUMBER = re.compile(r"^\s*\[?\d+\]?\s(?=\s*\S)", re.MULTILINE)
FIELDS = ("Answers", "Formula", "Source", "Interval", "Assumes")
NO_ENTRIES = ("How often the intervals hold the truth",)


def text_of(name: str) -> str:
    """Return a document."""
    return (DOCS / name).read_text(encoding="utf-8")


def entries(text: str) -> dict[str, str]:
    """Return the parts under headings of the third level, by heading."""
    parts = re.split(r"^(#{1,3}) (.+)$", text, flags=re.MULTILINE)
    found = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {title: body for level, title, body in found if level == "###"}


def examples(text: str) -> list[str]:
    """Return the code blocks that hold examples of ours."""
    return [source for language, source in BLOCK.findall(text) if language == "pycon"]


def side_by_side(text: str) -> list[tuple[str, str, str]]:
    """Return what is shown as R call, R output and our call, in this order."""
    blocks = BLOCK.findall(text)
    triples = zip(blocks, blocks[1:], blocks[2:], strict=False)
    return [(a[1], b[1], c[1]) for a, b, c in triples if (a[0], b[0], c[0]) == ("r", "text", "pycon")]


def last_digit(number: str) -> float:
    """Return what one unit of the last digit of a printed number is worth."""
    mantissa, _, exponent = number.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


@pytest.mark.parametrize("name", ["statistics.md", "for-r-users.md"])
def test_examples_print_what_the_document_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `>>>` of a document, run from the top in one go, must print what stands below it."""
    monkeypatch.chdir(ROOT)
    text = text_of(name)
    code = "\n".join(examples(text))
    assert code.count(">>> ") == text.count(">>> ") > 40
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(doctest.DocTestParser().get_doctest(code, {}, name, name, 0), out=told.append)
    assert not told, "".join(told)


def test_numbers_of_r_are_ours() -> None:
    """Every number that R prints must stand in our output beside it, within 1.5 units of R's last digit."""
    pairs = side_by_side(text_of("for-r-users.md"))
    assert len(pairs) >= 12
    for call, r_output, ours in pairs:
        printed = [example.want for example in doctest.DocTestParser().get_examples(ours)]
        found = [float(number) for number in NUMBER.findall("".join(printed))]
        theirs = NUMBER.findall(ROW_NUMBER.sub("", r_output))
        assert theirs, call
        for number in theirs:
            near = min(abs(float(number) - value) for value in found)
            assert near <= 1.5 * last_digit(number), f"{number} of R is not in our output of:\n{call}"


def test_every_public_name_is_in_the_document() -> None:
    """Whatever vlmrate.stats and its mixed models export, a reader must find in statistics.md, as code."""
    text = text_of("statistics.md")
    code = " ".join([*examples(text), *re.findall(r"`[^`\n]+`", BLOCK.sub("", text))])
    names = [*vlmrate.stats.__all__, *vlmrate.stats.mixed.__all__]
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []


def test_every_entry_is_complete() -> None:
    """Every statistic must say what it answers, formula, source, interval and assumptions, and show an example."""
    found = entries(text_of("statistics.md"))
    assert len(found) > 35
    for title, body in found.items():
        if title in NO_ENTRIES:
            continue
        missing = [field for field in FIELDS if f"- **{field}:**" not in body]
        assert not missing, f"{title}: no {', '.join(missing)}"
        assert "```pycon" in body, f"{title}: no example"


@pytest.mark.parametrize("name", ["statistics.md", "for-r-users.md", "limitations.md"])
def test_links_lead_somewhere(name: str) -> None:
    """A link or figure in a document must name a file that is there."""
    targets = [one for one in re.findall(r"\]\(([^)#]+)\)", text_of(name)) if "://" not in one]
    assert targets or name == "for-r-users.md"
    assert [one for one in targets if not (DOCS / one).exists()] == []
