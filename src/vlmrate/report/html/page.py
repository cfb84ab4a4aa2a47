"""report.html: the whole report in one file that asks nothing of the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from vlmrate.report.document import title
from vlmrate.report.html.drawings import drawings, is_narrow
from vlmrate.report.html.gallery import gallery
from vlmrate.report.html.policy import content_policy
from vlmrate.report.html.tables import table_view
from vlmrate.report.html.words import linked, numbered, sentence, symbols, typeset, without_controls
from vlmrate.report.opening import warnings
from vlmrate.report.table import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from vlmrate.analysis import Analysis
    from vlmrate.report.figures import Figure
    from vlmrate.report.html.tables import TableView
    from vlmrate.report.outline import Section

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure ready to be set."""

    id: str
    label: str
    title: str
    caption: str
    narrow: bool
    drawing: Markup


@dataclass(frozen=True, slots=True)
class SectionView:
    """A part of the report ready to be set."""

    id: str
    title: str
    lead: tuple[str, ...]
    tables: tuple[TableView, ...]
    figures: tuple[FigureView, ...]
    left_out: tuple[str, ...]
    summary: bool


def html_page(analysis: Analysis, sections: Sequence[Section], pictures: Mapping[str, Path]) -> str:
    """The report as one HTML document; the same analysis and pictures give the same text.

    `pictures` gives the file of each image by its id. What is missing there, or on the disk, or cannot be read gets
    words in its place.
    """
    views, drawn = _sections(sections)
    style = f"{_asset('style.css')}\n{drawn}"
    script = _asset("page.js") + _asset("gallery.js")
    template = _templates(_anchors(views)).get_template("page.html.j2")
    return template.render(
        title=title(analysis),
        warnings=warnings(analysis),
        sections=views,
        gallery=gallery(analysis, pictures),
        policy=content_policy(style, script),
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
    )


def _sections(sections: Sequence[Section]) -> tuple[tuple[SectionView, ...], str]:
    """The parts of the page, and the style sheet of their figures."""
    from vlmrate.report.figures.render import svg

    figures = [entry for section in sections for entry in section.figures]
    drawn = drawings(svg(entry.figure) for entry in figures)
    elements = iter(drawn.elements)
    views = (_section(section, [next(elements) for _ in section.figures]) for section in sections)
    return tuple(views), drawn.style


def _section(section: Section, elements: Sequence[Markup]) -> SectionView:
    return SectionView(
        id=f"part-{section.part.name.lower()}",
        title=section.title,
        lead=section.lead,
        tables=tuple(table_view(entry) for entry in section.tables),
        figures=tuple(
            _figure(entry.label, entry.figure, element)
            for entry, element in zip(section.figures, elements, strict=True)
        ),
        left_out=section.left_out,
        summary=section.part is Part.SUMMARY,
    )


def _figure(label: str, figure: Figure, element: Markup) -> FigureView:
    return FigureView(f"figure-{figure.id}", label, figure.title, figure.caption, is_narrow(element), element)


def _anchors(sections: Sequence[SectionView]) -> dict[str, str]:
    """Where each numbered table and figure stands, by what the report calls it."""
    tables = {view.label: view.id for section in sections for view in section.tables}
    return tables | {view.label: view.id for section in sections for view in section.figures}


def _templates(anchors: Mapping[str, str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["symbols"] = symbols
    templates.filters["numbered"] = numbered
    templates.filters["sentence"] = partial(sentence, anchors=anchors)
    templates.filters["linked"] = partial(linked, anchors=anchors)
    templates.filters["typeset"] = partial(typeset, anchors=anchors)
    return templates


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
