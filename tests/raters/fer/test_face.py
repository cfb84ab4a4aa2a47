"""Where a face is, and what is cut out of the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vlmrate.errors import RaterError
from vlmrate.raters.fer.entry import CropEntry
from vlmrate.raters.fer.face import Detector, Face, cut_out, largest


def test_the_largest_face_is_taken_and_the_others_counted() -> None:
    """Of equal ones the upper, then the left, in whatever order they come."""
    boxes = [[50, 9, 10, 10], [0, 0, 5, 5], [7, 9, 10, 10], [0, 30, 10, 10]]
    for order in (boxes, boxes[::-1]):
        face = largest(order)
        assert face == Face(7, 9, 10, 10, of=4)
    assert str(face) == "face at 7, 9, 10 x 10, the largest of 4"
    assert str(Face(1, 2, 3, 4)) == "face at 1, 2, 3 x 4"
    assert largest([]) is None


def test_the_margin_ends_where_the_picture_does() -> None:
    """A tenth on every side of a face in the corner: nothing above and left of it, and black fills the square."""
    picture = np.full((100, 100, 3), 7, dtype=np.uint8)
    free = cut_out(picture, Face(40, 40, 20, 20), CropEntry(margin=0.1))
    assert free.shape == (24, 24, 3)
    corner = cut_out(picture, Face(0, 40, 20, 20), CropEntry(margin=0.1, square=False))
    assert corner.shape == (24, 22, 3)
    filled = cut_out(picture, Face(0, 40, 20, 20), CropEntry(margin=0.1))
    assert filled.shape == (24, 24, 3)
    assert filled[:, 0].max() == filled[:, -1].max() == 0
    assert filled[:, 1:-1].min() == 7


def test_a_margin_below_none_cuts_closer() -> None:
    """A tenth less on every side."""
    picture = np.arange(100 * 100 * 3, dtype=np.int64).reshape(100, 100, 3).astype(np.uint8)
    closer = cut_out(picture, Face(10, 20, 40, 40), CropEntry(margin=-0.1))
    assert np.array_equal(closer, picture[24:56, 14:46])


def test_a_wall_has_no_face() -> None:
    """The detector finds nothing where there is nothing."""
    assert Detector(CropEntry()).find(np.full((200, 200, 3), 90, dtype=np.uint8)) is None


def test_an_opencv_without_the_detector_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV 5 has no cascades: one sentence with the command."""
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(RaterError, match=r"has no face detector .* `pip install 'opencv-python>=4\.12,<5'`"):
        Detector(CropEntry())
