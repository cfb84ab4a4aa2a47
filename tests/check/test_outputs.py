"""What a check writes: JUnit XML that validates, Markdown that renders, a step's summary, thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from markdown_it import MarkdownIt
from PIL import Image

from check.replay import Replay, outcome_of
from vlmrate.check.gate import subset_of
from vlmrate.check.history import append, entry_of, read_history, tracked
from vlmrate.check.junit import junit_text
from vlmrate.check.markdown import markdown_text
from vlmrate.check.outcome import Outcome
from vlmrate.check.write import clear, write_outcome

if TYPE_CHECKING:
    from vlmrate.check.records import Baseline
    from vlmrate.study.records import Study

SCHEMA = Path(__file__).parent / "schemas" / "junit.xsd"


@pytest.fixture(scope="module")
def outcome(baseline: Baseline, demo: Study, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A check with flips in valence and arousal, one of them alone, judged by tests."""
    ids = [image.image_id for image in baseline.images]
    instead = {(image_id, "valence"): "1" for image_id in ids[:14]} | {(ids[5], "arousal"): "9"}
    folder = tmp_path_factory.mktemp("outcome")
    return outcome_of(demo, Replay(baseline, instead), folder, "statistical", file="a_b*|<c>.json")


def parsed(text: str) -> etree._Element:
    """The document, if it is valid by the schema."""
    document = etree.fromstring(text.encode())
    etree.XMLSchema(etree.parse(str(SCHEMA))).assertValid(document)
    return document


@pytest.mark.parametrize(("strict", "fail_undecided"), [(False, False), (True, False), (False, True)])
def test_junit_validates_and_counts_what_fails(outcome: Outcome, strict: bool, fail_undecided: bool) -> None:
    """A case a judged row; failures are those that make the command fail, undecided ones are skipped otherwise."""
    (suite,) = parsed(junit_text(outcome, strict=strict, fail_undecided=fail_undecided))
    judged = [row.verdict for row in outcome.rows if row.verdict is not None]
    failing = {"regressed"} | ({"changed"} if strict else set()) | ({"undecided"} if fail_undecided else set())
    assert int(suite.get("tests")) == len(suite) == len(judged)
    assert int(suite.get("failures")) == len(suite.findall("*/failure")) == sum(v in failing for v in judged) > 0
    assert int(suite.get("skipped")) == len(suite.findall("*/skipped"))
    assert "undecided" in judged


def test_junit_holds_whatever_an_image_is_called(outcome: Outcome) -> None:
    """Signs with a meaning in XML are written so that they are read back; what XML cannot hold becomes a ?."""
    row = outcome.rows[0].model_copy(update={"verdict": "regressed", "name": 'a<b>&"c"', "finding": "x\x07y\ud800"})
    (suite,) = parsed(junit_text(outcome.model_copy(update={"rows": (row,)}), strict=False, fail_undecided=False))
    assert suite[0].get("name") == 'a<b>&"c"'
    assert "x?y?" in suite[0][0].get("message")


def rendered(text: str) -> etree._Element:
    """Markdown as GitHub reads it, with tables, as HTML."""
    return etree.fromstring(MarkdownIt("commonmark", {"html": True}).enable("table").render(text), etree.HTMLParser())


def test_markdown_renders_as_tables_with_pictures(outcome: Outcome) -> None:
    """A heading with the verdict, the table of rows with as many cells as its head, ten images with thumbnails."""
    links = {image.image_id: f"images/{i}.jpg" for i, image in enumerate(outcome.most_changed)}
    page = rendered(markdown_text(outcome, links, "history.png"))
    assert "regressed: tiny on demo" in "".join(page.find(".//h2").itertext())
    main, groups, images = page.findall(".//table")
    assert len(main.findall("./tbody/tr")) + len(groups.findall("./tbody/tr")) == len(outcome.rows)
    for table in (main, groups, images):
        assert {len(row) for row in table.findall(".//tr")} == {len(table.find("./thead/tr"))}
    assert [image.get("src") for image in images.findall(".//img")] == list(links.values())
    assert "a_b*|<c>.json" in "".join(page.itertext())
    assert page.findall(".//c") == []


def test_everything_is_written_and_read_back(outcome: Outcome, baseline: Baseline, demo: Study, tmp_path: Path) -> None:
    """check.json is the outcome; thumbnails are small pictures that the Markdown links to; the summary is added to."""
    append(tmp_path / "history.jsonl", entry_of(outcome, baseline.metrics))
    series = tracked(read_history(tmp_path / "history.jsonl"))
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    stimuli = subset_of(demo, baseline, "b")
    for _ in range(2):
        written = write_outcome(
            tmp_path / "out", outcome, stimuli, series, strict=False, fail_undecided=False, summary=str(summary)
        )
    assert {path.name for path in written} == {"check.json", "check.xml", "check.md", "history.svg", "history.png"}
    assert Outcome.model_validate_json((tmp_path / "out" / "check.json").read_bytes()) == outcome
    links = [
        image.get("src") for image in rendered((tmp_path / "out/check.md").read_text(encoding="utf-8")).iter("img")
    ]
    pictures = [link for link in links if link.endswith(".jpg")]
    assert len(pictures) == len(list((tmp_path / "out" / "images").iterdir())) == 10
    for link in links:
        assert Image.open(tmp_path / "out" / link).size[0] > 0
    assert summary.read_text(encoding="utf-8").startswith("before\n## ")
    assert "images/" not in summary.read_text(encoding="utf-8")


def test_an_earlier_pass_is_not_left_behind(tmp_path: Path) -> None:
    """Before anything is rated the last check's files go, so that no pass outlives a check that fails."""
    for name in ("check.json", "check.xml", "check.md", "history.jsonl"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]
