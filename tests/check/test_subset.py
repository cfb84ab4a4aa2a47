"""The subset: an image of every cell, by a seed, whatever the order of the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vlmrate.check.subset import choose
from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from vlmrate.study.records import Study


def cell(study: Study, image_id: str) -> tuple[str, ...]:
    """The emotion and groups of an image."""
    factors = {stimulus.image_id: stimulus.factors for stimulus in study.stimuli}[image_id]
    return factors["emotion"], factors["skin"], factors["hair"]


def test_every_cell_has_an_image(demo: Study) -> None:
    """6 emotions x 3 x 2 groups are 36 cells: one image each, and of 72 images two each."""
    for images, each in ((None, 1), (72, 2)):
        chosen, how = choose(demo, images, seed=0)
        assert set(Counter(cell(demo, stimulus.image_id) for stimulus in chosen).values()) == {each}
        assert (how.images, how.cells, how.factors) == (36 * each, 36, ("emotion", "skin", "hair"))


def test_identities_are_spread(demo: Study) -> None:
    """36 images of 24 identities: nobody stands for the rest."""
    chosen, _ = choose(demo, None, seed=0)
    assert max(Counter(stimulus.factors["identity"] for stimulus in chosen).values()) <= 3


def test_the_order_of_the_table_does_not_matter_and_the_seed_does(demo: Study) -> None:
    """The same seed chooses the same images of a table turned round; another seed others."""
    turned = replace(demo, stimuli=demo.stimuli[::-1])
    assert choose(demo, 40, seed=3)[0] == choose(turned, 40, seed=3)[0]
    assert choose(demo, 40, seed=3)[0] != choose(demo, 40, seed=4)[0]


def test_fewer_images_than_cells_are_refused(demo: Study) -> None:
    """The sentence says how many there must be."""
    with pytest.raises(
        CheckError, match=r"36 cells \(emotion x skin x hair\).+--images 35 is fewer; ask for --images 36"
    ):
        choose(demo, 35, seed=0)


def test_a_study_without_factors_has_one_cell(demo: Study) -> None:
    """Then the seed alone chooses; a study smaller than the subset is taken whole."""
    bare = replace(demo, factors=replace(demo.factors, emotion=None, groups=()))
    chosen, how = choose(bare, None, seed=0)
    assert (len(chosen), how.cells, how.factors) == (36, 1, ())
    few = replace(bare, stimuli=bare.stimuli[:5])
    assert len(choose(few, None, seed=0)[0]) == 5
