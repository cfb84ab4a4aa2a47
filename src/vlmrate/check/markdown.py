"""The check as Markdown, for a pull request or a step's summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vlmrate.apa import p_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.check.outcome import ChangedImage, Outcome
    from vlmrate.check.verdict import Row, Verdict

SIGNS: Mapping[Verdict, str] = {"pass": "✅", "undecided": "❔", "changed": "🔶", "regressed": "❌"}
WORDS: Mapping[Verdict, str] = {
    "pass": "The rater still rates as it did.",
    "undecided": "Something differs, and so few images cannot show whether that matters.",
    "changed": "The rater rates otherwise; that it became worse was not shown.",
    "regressed": "The rater no longer rates as it did.",
}
_HEAD = ("| | what | found | limit, or what could be shown | p (Holm) |", "|---|---|---|---|---|")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown_text(outcome: Outcome, thumbnails: Mapping[str, str], figure: str | None = None) -> str:
    """A heading with the verdict, a table of rows, what differs, and the images that changed most.

    `thumbnails` are links by image_id, `figure` the link to the drawing of the history.
    """
    return "\n".join(_lines(outcome, thumbnails, figure)) + "\n"


def _lines(outcome: Outcome, thumbnails: Mapping[str, str], figure: str | None) -> Iterator[str]:
    who = f"{outcome.rater} on {outcome.study} ({outcome.protocol})"
    yield f"## {SIGNS[outcome.verdict]} {outcome.verdict}: {escaped(who)}"
    yield ""
    yield WORDS[outcome.verdict]
    yield (
        f"{outcome.images:,} images against {escaped(outcome.baseline)}, mode {outcome.mode}: {escaped(outcome.why)}."
        f"{_stored(outcome)}{' The people of this study are simulated.' if outcome.simulated_people else ''}"
    )
    yield ""
    yield from _table(outcome)
    yield from _differs(outcome)
    yield from _changed(outcome, thumbnails)
    if figure is not None:
        yield from ("", "### History", "", f"![Metrics of every check, with EWMA limits]({figure})")


def _stored(outcome: Outcome) -> str:
    return f" {outcome.from_store:,} were answered from stored ratings." if outcome.from_store else ""


def _table(outcome: Outcome) -> Iterator[str]:
    """The gravest rows first, what is only told last; groups in which nothing was found fold away."""
    order = {"regressed": 0, "changed": 1, "undecided": 2, "pass": 3, None: 4}
    rows = sorted(outcome.rows, key=lambda row: order[row.verdict])
    yield from _HEAD
    yield from (_row(row) for row in rows if not row.aside)
    aside = [row for row in rows if row.aside]
    if aside:
        yield from ("", f"<details><summary>{len(aside):,} rows on groups of images</summary>", "", *_HEAD)
        yield from (*map(_row, aside), "", "</details>")


def _row(row: Row) -> str:
    p = "" if row.p is None else p_value(row.p)
    verdict = "told" if row.verdict is None else f"{SIGNS[row.verdict]} {row.verdict}"
    return f"| {verdict} | {escaped(row.name)} | {escaped(row.finding)} | {escaped(row.limit)} | {escaped(p)} |"


def _differs(outcome: Outcome) -> Iterator[str]:
    if not outcome.differs:
        return
    yield from ("", "### What differs in how it was rated", "", "| what | baseline | now |", "|---|---|---|")
    for entry in outcome.differs:
        yield f"| {escaped(entry.what)} | {escaped(entry.before)} | {escaped(entry.now)} |"


def _changed(outcome: Outcome, thumbnails: Mapping[str, str]) -> Iterator[str]:
    if not outcome.most_changed:
        return
    few = len(outcome.most_changed)
    title = f"The {few} images that changed most" if few > 1 else "The image that changed"
    if outcome.changed_images > few:
        title += f", of {outcome.changed_images:,} that changed"
    yield from ("", f"### {title}", "", "| image | | flipped | greatest shift |", "|---|---|---|---|")
    for image in outcome.most_changed:
        link = thumbnails.get(image.image_id)
        picture = f"![{escaped(image.image_id)}]({link})" if link else ""
        shift = "" if image.shift is None else f"{image.shift:.4f}"
        yield f"| {escaped(image.image_id)} | {picture} | {escaped(flips_told(image))} | {shift} |"


def flips_told(image: ChangedImage) -> str:
    """What flipped on an image, in words."""
    told = [f"{flip.item}: {said(flip.before)} to {said(flip.now)}" for flip in image.flips]
    return "; ".join([*(["another file"] if image.replaced else []), *told])


def said(value: object) -> str:
    """An answer in words; None could not be read."""
    return "unreadable" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def escaped(text: str) -> str:
    """Text that Markdown takes as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
