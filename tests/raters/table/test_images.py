"""Which image a name in someone else's table means."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlmrate.raters.table.images import Images, plain_name
from vlmrate.study.records import Stimulus


def images(*pairs: tuple[str, str]) -> Images:
    """A study's images: ids and files."""
    return Images([Stimulus(image_id, Path("/pictures") / path, {}) for image_id, path in pairs])


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.jpg", "a"),
        ("x/y/a.PNG", "a"),
        (r"C:\faces\a.jpeg", "a"),
        ("a.b", "a.b"),
        ("a.1.tif", "a.1"),
        (".jpg", ".jpg"),
        ("a", "a"),
        ("", ""),
    ],
)
def test_folder_and_ending_of_a_picture_are_taken_off(name: str, plain: str) -> None:
    """Of either slash; an ending that is none of a picture belongs to the name."""
    assert plain_name(name) == plain


def test_an_id_is_found_as_it_is_before_anything_is_taken_off() -> None:
    """An id may look like a file, beside another without the ending."""
    found = images(("a.jpg", "a.jpg"), ("a", "other.jpg"))
    for name in ("a.jpg", "a"):
        stimulus = found.find(name)
        assert isinstance(stimulus, Stimulus)
        assert stimulus.image_id == name
    assert found.loosely == {}


@pytest.mark.parametrize("name", ["faces/p1.png", "p1.jpg", "x/portrait-1.jpg", "portrait-1"])
def test_a_name_is_found_by_the_id_or_the_picture(name: str) -> None:
    """By the plain name of either, and noted as found so."""
    found = images(("p1", "sets/portrait-1.tif"), ("p2", "sets/portrait-2.tif"))
    stimulus = found.find(name)
    assert isinstance(stimulus, Stimulus)
    assert (stimulus.image_id, found.loosely) == ("p1", {name: "p1"})


def test_a_name_that_may_be_two_images_is_none() -> None:
    """The same file name in two folders is not guessed at."""
    found = images(("white-001", "white/001.jpg"), ("black-001", "black/001.jpg"))
    assert found.find("001.jpg") == "'001.jpg' may be any of the images black-001, white-001; write the image's id"


def test_an_unknown_name_is_told_the_nearest() -> None:
    """Only where one is near."""
    found = images(("p01_happy", "p01_happy.jpg"))
    assert found.find("x/p1_happy.jpg") == (
        "unknown image 'x/p1_happy.jpg', not in the stimuli table; did you mean 'p01_happy'?"
    )
    assert found.find("zz") == "unknown image 'zz', not in the stimuli table"
