"""Finding a face in a picture, and cutting it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vlmrate.raters.fer.entry import CropEntry

    Pixels = NDArray[np.uint8]

CASCADE = "haarcascade_frontalface_default.xml"
NO_CASCADE = (
    "OpenCV {version} has no face detector of its own any more; `pip install 'opencv-python>=4.12,<5'` brings one that "
    "has, or let models.yaml say `crop: {{detector: none}}` where the pictures are cut to the face already"
)


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is, in pixels from the top left; `of` is how many were found."""

    x: int
    y: int
    width: int
    height: int
    of: int = 1

    def __str__(self) -> str:
        among = f", the largest of {self.of}" if self.of > 1 else ""
        return f"face at {self.x}, {self.y}, {self.width} x {self.height}{among}"


class Detector:
    """Finds the largest face with OpenCV's Haar cascade."""

    def __init__(self, crop: CropEntry) -> None:
        import cv2

        if not hasattr(cv2, "CascadeClassifier"):
            raise RaterError(NO_CASCADE.format(version=cv2.__version__))
        file = Path(cv2.__file__).parent / "data" / CASCADE
        self._cascade: Any = cv2.CascadeClassifier(str(file))
        if self._cascade.empty():
            raise RaterError(f"{CASCADE} is not among OpenCV's files; `pip install 'opencv-python>=4.12,<5'` brings it")
        self._crop = crop

    def find(self, picture: Pixels) -> Face | None:
        """The largest face in an RGB picture (of equal ones the upper, then the left), or None."""
        import cv2

        smallest = round(self._crop.smallest * min(picture.shape[:2]))
        found = self._cascade.detectMultiScale(
            cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY),
            scaleFactor=self._crop.scale_factor,
            minNeighbors=self._crop.neighbours,
            minSize=(smallest, smallest),
        )
        return largest([[int(number) for number in box] for box in found])


def largest(boxes: Sequence[Sequence[int]]) -> Face | None:
    """The largest of several boxes (x, y, width, height)."""
    if not boxes:
        return None
    x, y, width, height = max(boxes, key=lambda box: (box[2] * box[3], -box[1], -box[0]))
    return Face(x, y, width, height, len(boxes))


def cut_out(picture: Pixels, face: Face, crop: CropEntry) -> Pixels:
    """The face with its margin, as far as the picture goes; made square with black where that is wanted."""
    across, down = round(crop.margin * face.width), round(crop.margin * face.height)
    top, left = max(0, face.y - down), max(0, face.x - across)
    part = picture[top : face.y + face.height + down, left : face.x + face.width + across]
    return _square(part) if crop.square else part


def _square(part: Pixels) -> Pixels:
    height, width = part.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square: Pixels = np.zeros((side, side, 3), dtype=np.uint8)
    square[top : top + height, left : left + width] = part
    return square
