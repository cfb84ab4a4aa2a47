from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.study.design import Cell, Level, Spread, describe
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from tests.study.conftest import StudyOnDisk


def test_levels_and_cells_are_counted(small: StudyOnDisk) -> None:
    """Levels come in the order of the item's options, cells in that of the levels, with their identities."""
    small.spoil("stimuli.csv", "b_happy,images/b_happy.png,happy,b", "b_happy,images/b_happy.png,sad,b")
    design = describe(load_study(small.file))
    emotion, identity, hair = design.factors
    assert (emotion.part, emotion.levels) == ("emotion", (Level("happy", 1), Level("sad", 3)))
    assert (identity.part, identity.levels) == ("identity", (Level("a", 2), Level("b", 2)))
    assert (hair.part, hair.levels) == ("group", (Level("short", 2), Level("long", 2)))
    assert design.crossing is not None
    assert design.crossing.factors == ("emotion", "hair")
    assert design.crossing.cells == (
        Cell(("happy", "short"), 1, 1),
        Cell(("happy", "long"), 0, 0),
        Cell(("sad", "short"), 1, 1),
        Cell(("sad", "long"), 2, 1),
    )
    assert design.identities_in_every_emotion is False


def test_identities_once_in_every_emotion_are_recognised(small: StudyOnDisk) -> None:
    """The crossed design says so; without an identity column nothing is said."""
    assert describe(load_study(small.file)).identities_in_every_emotion is True
    small.spoil("study.yaml", "identity: who, ", "")
    assert describe(load_study(small.file)).identities_in_every_emotion is None


def test_who_rated_what_is_counted(small: StudyOnDisk) -> None:
    """Cells with a value count as ratings; an image counts as rated with a rating of any item."""
    ratings = describe(load_study(small.file)).ratings
    assert ratings is not None
    assert (ratings.ratings, ratings.raters) == (7, 2)
    assert ratings.raters_an_image == Spread(1, 1.0, 2)
    assert ratings.images_a_rater == Spread(2, 2.0, 2)
    assert ratings.images_without == ("b_happy",)


def test_aggregated_ratings_are_described_by_their_counts(small: StudyOnDisk) -> None:
    """Without single ratings the raters are not known, but how many rated an image is."""
    aggregated = "image_id,item,mean,sd,n\na_sad,valence,2,1,30\nb_sad,valence,3,1,50\n"
    (small.folder / "ratings.csv").write_text(aggregated, encoding="utf-8")
    ratings = describe(load_study(small.file)).ratings
    assert ratings is not None
    assert (ratings.ratings, ratings.raters, ratings.images_a_rater) == (80, None, None)
    assert ratings.raters_an_image == Spread(30, 40.0, 50)
    assert ratings.images_without == ("a_happy", "b_happy")
