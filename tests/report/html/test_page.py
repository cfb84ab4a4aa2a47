"""The page as text: what it holds, what it may do, and that nothing in it depends on the day."""

from __future__ import annotations

import base64
import doctest
import hashlib
import json
import re

import pytest

from report.html.names import IMAGE_ID, SCRIPT
from vlmrate.report.html import html_page, policy, words
from vlmrate.report.html.drawings import drawings
from vlmrate.report.html.gallery import INVALID, gallery
from vlmrate.report.html.policy import json_block
from vlmrate.report.html.tables import table_view
from vlmrate.report.html.words import linked, symbols
from vlmrate.report.outline import NumberedTable, outline
from vlmrate.report.table import Part, Spanner, Table, count, points, section, stub, text
from vlmrate.stats import Estimate, Skipped


@pytest.mark.parametrize("module", [policy, words])
def test_examples_in_docstrings_are_true(module):
    """Every example gives what its docstring says."""
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_same_input_same_bytes(sample):
    """No time, no random id: the page is the same whenever it is made."""
    paths = {stimulus.image_id: stimulus.path for stimulus in sample.study.stimuli}
    assert html_page(sample.analysis, outline(sample.analysis), paths) == sample.page


def test_policy_names_the_one_style_and_the_one_script(sample):
    """What stands in the page has the digests that the policy allows."""
    allowed = re.findall(r"sha256-([^&]+)&#39;", sample.page)
    style = re.search(r"<style>(.*?)</style>", sample.page, re.DOTALL).group(1)
    script = re.search(r"<script>(.*?)</script>", sample.page, re.DOTALL).group(1)
    assert allowed == [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]


def test_page_has_no_address(sample):
    """Nothing is linked, loaded or imported from anywhere; names of XML are no addresses."""
    addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<]*", sample.page)
    assert {address for address in addresses if "www.w3.org" not in address} == set()
    assert not re.search(r"<link(?! rel=\"icon\" href=\"data:,\")|<iframe|<object|<embed|@import", sample.page)


def test_every_id_is_unique_and_every_link_leads_somewhere(sample):
    """Contents and references end at an element of the page."""
    ids = re.findall(r'<[^<>]* id="([^"]+)"', sample.page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<a [^<>]*href="#([^"]+)"', sample.page)) <= set(ids)


def test_without_a_study_at_hand_pictures_get_words(sample):
    """A report made anew from its analysis alone has a gallery without pictures."""
    page = html_page(sample.analysis, (), {})
    data = json.loads(re.search(r'id="gallery-data">(.*?)</script>', page, re.DOTALL).group(1))
    assert data["thumbnails"] == [None] * len(sample.study.stimuli)
    assert set(data["problems"]) == {"The picture is not there."}


def test_gallery_tells_invalid_from_never_asked(sample):
    """An unreadable answer is invalid, an intended label its place among the options, people's counts as given."""
    data = json.loads(gallery(sample.analysis, {}).data)
    emotion, valence, _ = data["items"]
    model = data["raters"].index("model")
    assert data["images"][0] == IMAGE_ID
    assert emotion["options"][emotion["raters"][model][0]] == SCRIPT
    assert emotion["raters"][model][1] == INVALID
    assert [emotion["options"][place] for place in emotion["intended"][:2]] == ["happy", "sad"]
    assert emotion["people"] is None
    assert sum(valence["people"]["counts"][0]) == valence["people"]["n"][0] == 6


def test_json_cannot_end_its_element():
    """No <, >, & or line separator stands in the block, and it says what it said."""
    hostile = "</script><!-- & \u2028\u2029"
    block = json_block([hostile])
    assert not set(block) & set("<>&\u2028\u2029")
    assert json.loads(block) == [hostile]


def test_style_attributes_become_classes():
    """Same style, same class; text that looks like a style is left alone; a style out of the ordinary is not taken."""
    svg = '<svg><path style="fill: #fff"/><text style="font: 7px &apos;A&apos;">style="x"</text><g style="fill: #fff"/>'
    made = drawings([svg, '<svg style="a}*{color: red">'])
    assert made.elements[0] == ('<svg><path class="d0"/><text class="d1">style="x"</text><g class="d0"/>')
    assert made.style == ".d0{fill: #fff}\n.d1{font: 7px 'A'}\n"
    assert made.elements[1] == '<svg style="a}*{color: red">'


def test_words_are_clean_and_numbers_keep_their_sign():
    """Signs that turn a line around or break it are left out; no line ends between a number and its per cent sign."""
    assert symbols("a\u202eb\x1b[31m\n71.1 % of <b>") == "ab[31m 71.1\u00a0% of &lt;b&gt;"


def test_tables_have_spanners_groups_and_numbers_to_sort_by():
    """Heads span their columns, rows stand under their section, and each cell knows its number, if it has one."""
    estimate = Estimate(0.5, 0.4, 0.6, 0.95, 10, "d")
    table = Table(
        "t", "T", Part.BIAS,
        (section("rater", "Rater"), stub("emotion", "Emotion"), count("n", "n"), points("d", "d"), points("e", "e")),
        (("a", "sad", 1200, estimate, None), ("b", "sad", 3, Skipped("why"), 2.5)),
        spanners=(Spanner("Both", ("d", "e")),),
    )  # fmt: skip
    view = table_view(NumberedTable(7, table))
    assert [(head.title, head.columns, head.rows, head.column) for head in view.heads[0]] == [
        ("Emotion", 1, 2, 0), ("n", 1, 2, 1), ("Both", 2, 1, None),
    ]  # fmt: skip
    assert [(head.title, head.column) for head in view.heads[1]] == [("d", 2), ("e", 3)]
    assert [group.heading for group in view.groups] == ["a", "b"]
    assert [entry.value for entry in view.groups[0].rows[0]] == [None, 1200, 0.5, None]
    assert view.groups[1].rows[0][2].words == "–¹"
    assert view.label == "Table 7"
    assert view.notes[0].startswith("Values in brackets are 95 %")


def test_severities_are_sorted_by_how_much_they_matter():
    """A column whose words have an order of their own gives each its place, and words alone become cards on a phone."""
    order = ("large", "moderate", "small", "note")
    rows = tuple((word, "Sentence. " * 8) for word in ("note", "large", "small"))
    columns = (stub("severity", "Severity", order=order), text("finding", "Finding"))
    view = table_view(NumberedTable(1, Table("f", "F", Part.SUMMARY, columns, rows)))
    assert [row[0].value for row in view.groups[0].rows] == [3, 0, 2]
    assert view.told


def test_a_table_that_is_named_is_led_to():
    """What the report calls a table becomes a link to it."""
    assert linked("Table 9", {"Table 9": "table-bias-how-happy-"}) == '<a href="#table-bias-how-happy-">Table 9</a>'
