"""From a figure to bytes: the same for the same figure, safe beside others in a page, whatever names hold."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.errors import AnalysisError
from vlmrate.report.figures import figures, render
from vlmrate.stats import Bootstrap

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=100))
HOSTILE = '_$x^2$<script>alert(1)</script>\x1b[31m\u202e"\'&amp; id="a" url(#b)\n\x00'
SVG = "{http://www.w3.org/2000/svg}"
MAGIC = {".svg": b"<svg", ".pdf": b"%PDF", ".png": b"\x89PNG"}


def forget() -> None:
    """Pictures are kept in memory: a test of drawing draws anew."""
    render.content.cache_clear()
    render.drawing.cache_clear()


def test_a_file_is_written_whole_or_not_at_all(analysis, tmp_path):
    """A figure takes the place of the file before it, which nobody sees half written: one who has it open keeps it."""
    path, kept = tmp_path / "a.svg", tmp_path / "kept.svg"
    path.write_bytes(b"before")
    kept.hardlink_to(path)
    render.save(figures(analysis)[0], path)
    assert path.read_bytes().startswith(b"<svg")
    assert kept.read_bytes() == b"before"


@pytest.mark.parametrize("suffix", sorted(MAGIC))
def test_the_same_figure_gives_the_same_bytes(analysis, suffix, tmp_path):
    """Drawn anew, and drawn for another form before, each file is the same, and tells neither date nor version."""
    for figure in figures(analysis)[:4]:
        contents = []
        for name, before in (("one", None), ("two", "png"), ("three", "svg")):
            forget()
            if before is not None:
                render.content(figure, before)
            render.save(figure, tmp_path / f"{name}{suffix}")
            contents.append((tmp_path / f"{name}{suffix}").read_bytes())
        assert contents[0].startswith(MAGIC[suffix])
        assert len(set(contents)) == 1
        assert b"CreationDate" not in contents[0]
        assert b"atplotlib" not in contents[0]


def test_the_users_own_settings_change_nothing(figure_of):
    """Whoever has set large red type elsewhere gets our figure all the same, and keeps the setting."""
    import matplotlib as mpl

    figure = figure_of("fig-bias")
    forget()
    ours = render.svg(figure)
    forget()
    with mpl.rc_context({"font.size": 30, "text.color": "red", "svg.fonttype": "path", "axes.grid": True}):
        assert render.svg(figure) == ours
        assert mpl.rcParams["font.size"] == 30


def test_an_svg_is_an_image_with_title_and_description(figure_of):
    """It is XML, says role img, and its labels are the figure's title and alternative text."""
    figure = figure_of("fig-bias")
    root = ET.fromstring(render.svg(figure))  # noqa: S314 - our own
    labels = root.attrib["aria-labelledby"].split()
    assert root.attrib["role"] == "img"
    by_id = {element.attrib["id"]: element.text for element in root if "id" in element.attrib}
    assert [by_id[label] for label in labels] == [figure.title, figure.alt]


def test_many_figures_stand_in_one_page(analysis):
    """No id occurs twice, and every reference has its target in the same figure."""
    ids: list[str] = []
    for figure in figures(analysis):
        svg = render.svg(figure)
        mine = re.findall(r' id="([^"]*)"', svg)
        assert all(name.startswith(figure.id) for name in mine)
        assert set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', svg)) <= {
            pair for name in mine for pair in ((name, ""), ("", name))
        }
        ids += mine
    assert len(set(ids)) == len(ids)


def test_an_svg_loads_and_runs_nothing(analysis):
    """No script, style sheet, metadata, comment or address."""
    for figure in figures(analysis):
        svg = render.svg(figure)
        for word in ("<script", "<style", "<metadata", "<!", "<image", "javascript:", "http://www.w3.org/1999/02"):
            assert word not in svg
        assert set(re.findall(r"https?://[^\"' ]*", svg)) == {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }


def test_names_from_data_are_drawn_as_plain_text(small):
    """A rater named like markup, mathematics and control characters is told as written, less what cannot be seen."""
    study = small.study(6)
    study = replace(study, ratings=small.people(study))
    analysis = analyze(study, small.results(small.rater(study, HOSTILE), small.rater(study, "_other", seed=3)), QUICK)
    seen = ""
    for figure in figures(analysis):
        forget()
        svg = render.svg(figure)
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert not list(root.iter(f"{SVG}script"))
        assert "\x1b" not in svg
        assert "\u202e" not in svg
        seen += "|".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "$x^2$" in seen
    assert "_other" in seen  # a legend leaves out names that begin with an underscore


def test_names_in_other_scripts_are_drawn(small, recwarn):
    """A study in Korean has its labels as text in the SVG, without a warning about our typeface."""
    study = small.study(6)
    study = replace(study, ratings=small.people(study))
    analysis = analyze(study, small.results(small.rater(study, "젬마")), QUICK)
    forget()
    svgs = [render.svg(figure) for figure in figures(analysis)]
    assert any("젬마</text>" in svg for svg in svgs)
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_files_stay_small(analysis):
    """Coordinates have two decimals: no drawing of a small study takes more than 150 kB."""
    assert max(len(render.svg(figure)) for figure in figures(analysis)) < 150_000


def test_another_suffix_is_one_sentence(figure_of, tmp_path):
    """A figure that is asked for as .gif says what there is."""
    with pytest.raises(AnalysisError, match=r"written as \.svg, \.pdf or \.png"):
        render.save(figure_of("fig-bias"), tmp_path / "bias.gif")
