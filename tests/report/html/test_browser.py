"""The page in a browser without a network: it sorts, filters, zooms, prints, and obeys no name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.html.names import IDENTITIES, IMAGE_ID, LEVEL, SCRIPT
from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.html import html_page
from vlmrate.stats import Bootstrap
from vlmrate.study.records import Item, Labels, Likert

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
pytestmark = pytest.mark.slow

CARDS = "ul.cards > li"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


def column(page, table: str, position: int) -> list[str]:
    """The words of one column, from top to bottom."""
    return page.locator(f"#{table} tbody tr:not(.heading) > :nth-child({position + 1})").all_text_contents()


def count(page) -> str:
    """What the gallery says it shows."""
    return page.get_by_role("status").inner_text()


def background(page) -> str:
    """The colour behind the report."""
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_hostile_names_stay_text(visit):
    """Study, image, group, rater and answer are shown letter by letter; nothing of them becomes an element or runs."""
    page = visit()
    assert page.locator("h1").text_content() == f"{SCRIPT}: raters beside people"
    assert page.title() == f"{SCRIPT}: raters beside people"
    first = page.locator(CARDS).first
    assert first.locator(".id").text_content() == IMAGE_ID
    assert first.locator(".about li").all_text_contents()[-1] == f"gender: {LEVEL.strip()} "
    assert first.locator("tbody th").all_text_contents() == ["People", SCRIPT, "model"]
    assert f"✗ {SCRIPT}" in first.locator("td").all_text_contents()
    assert SCRIPT in page.locator("#table-runs tbody th").all_text_contents()
    assert page.locator("script").count() == 2
    assert page.locator("img:not(.face), [onerror], main script").count() == 0


def test_policy_refuses_what_is_not_of_the_page(browser, sample):
    """A script, a style or a picture from elsewhere that somehow got into the page is neither obeyed nor loaded."""
    page = browser.new_page()
    asked = []
    page.route("https://**/*", lambda route: (asked.append(route.request.url), route.abort()))
    page.goto(sample.file.as_uri())
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.obeyed = true";
            const style = document.createElement("style");
            style.textContent = "h1 { display: none }";
            const picture = new Image();
            picture.src = "https://example.org/a.png";
            document.body.append(script, style, picture);
            document.querySelector("h2").innerHTML = "<b onclick='window.obeyed = true'>b</b>";
            document.querySelector("h2 b").click();
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.obeyed") is None
    assert page.locator("h1").is_visible()
    assert asked == []
    page.close()


def test_tables_sort_up_down_and_back(visit):
    """A heading sorts by the number behind the words, tells the direction, and gives the first order back."""
    page = visit()
    before = column(page, "table-bias-valence", 2)
    head = page.locator("#table-bias-valence thead th[data-column='2']")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    values = (
        page.locator("#table-bias-valence tbody")
        .first.locator("tr > :nth-child(3)")
        .evaluate_all("cells => cells.filter(cell => cell.dataset.value).map(cell => Number(cell.dataset.value))")
    )
    assert len(values) > 2
    assert values == sorted(values)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert column(page, "table-bias-valence", 2) == before


def test_severities_sort_by_rank_and_no_finding_is_cut_on_a_phone(visit):
    """Large comes before moderate, small and note; on a narrow screen every sentence stands within its box."""
    page = visit()
    page.locator("#table-findings thead th[data-column='0'] button").click()
    told = page.locator("#table-findings tbody").first.locator("th.stub").all_text_contents()
    assert told == sorted(told, key=["large", "moderate", "small", "note"].index)
    phone = visit(viewport={"width": 390, "height": 844})
    box = phone.locator("#table-findings .scroll")
    assert box.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_gallery_filters_and_says_what_is_left(visit):
    """Emotion, group, rater, path of error and size of error each narrow the gallery; all can be undone."""
    page = visit()
    everything = count(page)
    page.get_by_label("Emotion", exact=True).select_option("sad")
    assert count(page) == f"{IDENTITIES} of {6 * IDENTITIES} images"
    assert page.locator(CARDS).count() == IDENTITIES
    page.get_by_label("Gender", exact=True).select_option("m")
    assert count(page) == f"{IDENTITIES // 2} of {6 * IDENTITIES} images"
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("words => document.querySelector('.count').textContent === words", arg=everything)
    page.get_by_label("Rater", exact=True).select_option(SCRIPT)
    page.get_by_label("meant → said").select_option(label=f"sad → neutral ({IDENTITIES})")
    assert count(page) == f"{IDENTITIES} of {6 * IDENTITIES} images"
    page.get_by_label("Rater", exact=True).select_option("model")
    page.get_by_label("meant → said").select_option("Invalid")
    assert count(page) == f"1 of {6 * IDENTITIES} images"
    assert "invalid" in page.locator(CARDS).first.inner_text()


def test_gallery_is_filtered_and_ordered_by_distance_from_people(visit):
    """Only images at least as far from the mean as asked for are left, the farthest first."""
    page = visit()
    page.get_by_label("Distance from M on").select_option("valence")
    page.get_by_label("At least").fill("1.5")
    page.get_by_label("Order").select_option("Largest distance first")
    far = page.locator(CARDS).evaluate_all(
        """cards => cards.map(card => Math.max(
           ...[...card.querySelectorAll('tbody tr:not(.people) td:nth-child(3) span')]
           .map(span => Math.abs(Number(span.textContent.replace('\u2212', '-'))))))"""
    )
    assert 0 < len(far) < 6 * IDENTITIES
    assert min(far) >= 1.5
    assert far == sorted(far, reverse=True)
    page.get_by_label("At least").fill("8")
    assert count(page) == "No image fits; choose fewer conditions."


def test_gallery_grows_by_the_keyboard(visit):
    """60 images at first, the rest at a press of a key; the keyboard goes on at the first new image."""
    page = visit()
    assert page.locator(CARDS).count() == 60
    page.get_by_role("button", name="Show 12 more of 12").press("Enter")
    assert page.locator(CARDS).count() == 6 * IDENTITIES
    assert page.evaluate("[...document.querySelectorAll('ul.cards > li')].indexOf(document.activeElement)") == 60


def test_missing_and_broken_pictures_get_words(visit):
    """Where there is no picture stands why; all others are shown."""
    page = visit()
    words = page.locator(".face.missing").all_text_contents()
    assert words == ["The picture cannot be read.", "The picture is not there."]
    assert page.locator("img.face").evaluate_all("faces => faces.every(face => face.complete && face.naturalWidth > 0)")


def test_figures_zoom_by_the_keyboard(visit):
    """Enter enlarges a figure, + and - change its size, Escape puts it back and the focus too."""
    page = visit()
    button = page.get_by_role("button", name="Enlarge Figure 1", exact=True)
    button.press("Enter")
    drawing = page.locator("dialog .stage > svg")
    assert page.get_by_role("dialog").is_visible()
    before = drawing.bounding_box()["width"]
    page.keyboard.press("+")
    assert drawing.bounding_box()["width"] > before
    page.keyboard.press("-")
    assert drawing.bounding_box()["width"] == pytest.approx(before, abs=1)
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    assert page.locator("figure").first.locator(".drawing > svg").count() == 1
    assert page.evaluate("document.activeElement.textContent") == "Enlarge Figure 1"


def test_figures_are_drawn_in_their_colours(visit):
    """The policy forbids style attributes: what they said is obeyed all the same, from the style sheet."""
    page = visit()
    fills = page.locator("figure svg path").evaluate_all("paths => paths.map(path => getComputedStyle(path).fill)")
    assert len(set(fills)) > 5
    assert page.locator("figure [style]").count() == 0


def test_colours_follow_the_system_and_the_switch(visit):
    """Dark where the system is dark, until the switch says otherwise; paper is always white."""
    page = visit(color_scheme="dark")
    dark = background(page)
    page.get_by_role("button", name="Light colours").press("Enter")
    light = background(page)
    assert light != dark
    assert background(visit(color_scheme="light")) == light
    page.get_by_role("button", name="Dark colours").click()
    assert background(page) == dark
    page.emulate_media(media="print")
    assert background(page) == "rgb(255, 255, 255)"


def test_without_scripts_all_is_readable(visit):
    """Tables, figures and contents need no JavaScript; the gallery says that it does."""
    page = visit(java_script_enabled=False)
    assert page.locator("#table-runs td").first.is_visible()
    assert page.locator("figure svg").first.is_visible()
    assert page.get_by_role("link", name="How the runs went").is_visible()
    assert page.get_by_text("The gallery needs JavaScript").is_visible()


def test_paper_has_all_parts_and_no_controls(visit):
    """Printed are all tables and figures in full; buttons, contents and gallery are not."""
    page = visit()
    page.emulate_media(media="print")
    assert page.locator("section:visible").count() == page.locator("section").count()
    assert page.locator("nav:visible, .filters:visible, ul.cards:visible, figcaption button:visible").count() == 0
    assert page.get_by_text("The gallery is on the screen only.").is_visible()
    assert page.evaluate(
        "[...document.querySelectorAll('.scroll')].every(e => getComputedStyle(e).overflowX === 'visible')"
    )


@pytest.mark.parametrize("size", [PHONE, {"width": 390, "height": 844}, {"width": 800, "height": 900}, DESK])
def test_page_is_never_wider_than_the_screen(visit, size):
    """Wide tables scroll within themselves."""
    page = visit(viewport=size)
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize(("scheme", "size"), [("light", PHONE), ("dark", DESK)])
def test_nothing_serious_bars_anybody(visit, scheme, size):
    """axe-core finds nothing serious or critical: names, contrast, headings of tables, keyboard."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit(viewport=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    found = axe.Axe().run(page).response["violations"]
    told = [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == [], told


def test_skip_link_is_first_and_leads_to_the_report(visit):
    """The first Tab reaches the link over the contents."""
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"


@pytest.mark.parametrize("kind", ["no people", "means only", "no labels", "no scales"])
def test_poor_studies_have_a_gallery_too(visit, small, kind):
    """What a study does not have is not asked for: its gallery opens, counts, and has no control for it."""
    labels, valence = Item("emotion", Labels(EMOTIONS), intended="emotion"), Item("valence", Likert(-9, 9))
    items = {"no labels": (valence,), "no scales": (labels,)}.get(kind, (labels, valence))
    study = small.study(4, items=items)
    if kind in ("means only", "no labels"):
        people = small.people(study, items=("valence",))
        study = replace(study, ratings=people if kind == "no labels" else small.aggregated(people))
    rows = small.rater(study)
    analysis = analyze(study, small.results(rows), AnalysisOptions((), Bootstrap(resamples=10)))
    file = small.folder / "report.html"
    file.write_text(html_page(analysis, (), {}), encoding="utf-8")
    page = visit(file)
    assert count(page) == "24 of 24 images"
    assert page.get_by_label("meant → said").count() == (kind != "no labels")
    assert page.get_by_label("At least").count() == (kind in ("means only", "no labels"))
