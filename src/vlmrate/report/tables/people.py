"""How far people agree with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Table, bounded, count, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.reliability import RatingsAnImage


def people_tables(analysis: Analysis) -> Iterator[Table]:
    """One table with a row an item that people rated."""
    if isinstance(analysis.reliability, Skipped):
        return
    yield Table(
        id="reliability",
        title="People: ratings and reliability",
        columns=(
            stub("item", "Item"),
            count("people", "People"),
            count("images", "Images"),
            count("ratings", "Ratings"),
            text("ratings_an_image", "An image"),
            bounded("alpha", "Alpha"),
            text("metric", "Metric"),
        ),
        rows=tuple(
            (
                item.item,
                item.people,
                item.images,
                item.ratings,
                an_image(item.ratings_an_image),
                item.alpha,
                item.metric,
            )
            for item in analysis.reliability
        ),
        notes=(
            "Alpha = Krippendorff's, the agreement of single people; the means that raters are compared to are far "
            "more reliable than one person. An image = ratings an image.",
        ),
    )


def an_image(counts: RatingsAnImage) -> str:
    """Ratings an image in words.

    >>> from vlmrate.analysis.reliability import RatingsAnImage
    >>> an_image(RatingsAnImage(50, 50.0, 50)), an_image(RatingsAnImage(3, 7.0, 12))
    ('50', '3–12 (median 7)')
    """
    if counts.fewest == counts.most:
        return f"{counts.most:,}"
    return f"{counts.fewest:,}–{counts.most:,} (median {counts.median:,g})"
