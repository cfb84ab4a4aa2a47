"""Raters: what a package that adds one needs to know of vlmrate. These names stay; docs/adding-a-rater.md shows them.

`Model` is what is named after `--model`, `Rater` what it makes, `View` one image's turn, `Reply` what was said.
"""

from __future__ import annotations

from vlmrate.errors import AskError, ImageError, RaterError
from vlmrate.protocol.parser import Given
from vlmrate.protocol.records import Question
from vlmrate.raters.base import OptionProbabilities, Rater, Reply, Settings, View
from vlmrate.raters.model import Kind, Model, Named, Request, entry_of
from vlmrate.records import Record
from vlmrate.study.images import open_image
from vlmrate.study.records import Item, Labels, Likert

__all__ = [
    "AskError",
    "Given",
    "ImageError",
    "Item",
    "Kind",
    "Labels",
    "Likert",
    "Model",
    "Named",
    "OptionProbabilities",
    "Question",
    "Rater",
    "RaterError",
    "Record",
    "Reply",
    "Request",
    "Settings",
    "View",
    "entry_of",
    "open_image",
]
