"""Which images a gallery shows of more than it has room for."""

from __future__ import annotations

from vlmrate.analysis.images import ImageColumns, PeopleColumn, RaterColumn
from vlmrate.report.html.choice import choose

OPTIONS = tuple(str(point) for point in range(1, 10))


def columns(values: list[float | None], labels: list[str | None] | None = None, means: float | None = 5.0):
    """Images rated by people (with the same mean each) and by one rater."""
    n = len(values)
    ids = tuple(f"i{k}" for k in range(n))
    none = (None,) * n
    people = PeopleColumn("valence", OPTIONS, (9,) * n, (means,) * n, none, none)
    said = tuple(labels) if labels else none
    routes = ("exact",) * n
    raters = (
        RaterColumn("a", "valence", none, tuple(values), none, routes),
        RaterColumn("a", "emotion", said, none, none, routes),
    )
    return ImageColumns(ids, (), (people,), raters)


def test_all_are_shown_where_there_is_room():
    """Nothing is left out of a study that fits, and the words say so."""
    choice = choose(columns([5.0] * 10), {}, most=10)
    assert choice.positions == tuple(range(10))
    assert choice.words == "All 10 images of the study."


def test_the_worst_are_shown_and_as_many_by_chance():
    """Half of the room goes to the largest errors; the order stays the study's; the words give the numbers."""
    values = [5.0] * 100
    values[90], values[10], values[50] = 9.0, 1.0, 8.0
    choice = choose(columns(values), {}, most=4)
    assert {10, 90} <= set(choice.positions)
    assert len(set(choice.positions)) == 4
    assert list(choice.positions) == sorted(choice.positions)
    assert choice == choose(columns(values), {}, most=4)
    assert choice.words.startswith("Of 100 images 4 are shown")
    assert "the 2 with the largest errors" in choice.words
    assert choice.words.endswith("2 drawn by chance (seed 0).")


def test_wrong_labels_are_errors_where_nothing_is_rated():
    """Without people's means the images with wrong or unreadable labels come first."""
    labels: list[str | None] = ["sad"] * 20
    labels[7], labels[13] = None, "happy"
    choice = choose(columns([None] * 20, labels, means=None), {"emotion": ("sad",) * 20}, most=4)
    assert {7, 13} <= set(choice.positions)


def test_without_errors_all_are_drawn_by_chance():
    """A perfect rater's images are a plain sample, and no largest errors are claimed."""
    choice = choose(columns([5.0] * 20), {}, most=4)
    assert len(set(choice.positions)) == 4
    assert "largest" not in choice.words
