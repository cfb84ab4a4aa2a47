"""The rater as a whole: pictures through real networks, by the answers and what is kept of them."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from raters.fer.onnxfile import Sums, write_network
from vlmrate.errors import AskError, ImageError
from vlmrate.protocol.parser import Given
from vlmrate.protocol.records import Question
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.study.records import Item, Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.raters.base import Reply
    from vlmrate.raters.fer.model import FerModel


def reply_of(model: FerModel, items: tuple[Item, ...], image: Path) -> Reply:
    """What a network says of a picture."""
    (rater,) = model.make([Request(items=items)])
    return rater.view(image, seed=0).ask(Question("", items))


def test_a_network_of_ten_outputs_gives_a_label_and_two_numbers(
    ten: Callable[..., FerModel], items: tuple[Item, ...], picture: Callable[..., Path]
) -> None:
    """Eight logits, valence and arousal: the label by its other name, (v + 1) / 2 x 8 + 1, and no rounding."""
    reply = reply_of(ten([0, 0, 0, 0, 3, 0, 0, 0, 0.3, -0.25]), items, picture(0, 0, 0))
    given = {name: (answer.value, answer.route) for name, answer in (reply.given or {}).items()}
    assert given == {
        "emotion": ("happy", "native"),
        "valence": (pytest.approx(1.3 / 2 * 8 + 1), "native"),
        "arousal": (pytest.approx(0.75 / 2 * 8 + 1), "native"),
    }
    all_eight = math.exp(3) + 7
    options = reply.options["emotion"]
    assert options.valid_mass == pytest.approx((math.exp(3) + 5) / all_eight)
    assert options.probabilities["happy"] == pytest.approx(math.exp(3) / (math.exp(3) + 5))
    assert set(reply.options) == {"emotion"}
    assert reply.text == "happiness; valence 0.300; arousal -0.250; whole picture"


def test_what_lies_beyond_the_scale_is_moved_to_its_end_and_said(
    ten: Callable[..., FerModel], items: tuple[Item, ...], picture: Callable[..., Path]
) -> None:
    """A network is not held to its range: 1.5 becomes 9, and 11 is kept as what it was."""
    reply = reply_of(ten([0, 0, 0, 0, 3, 0, 0, 0, 1.5, -2]), items, picture(0, 0, 0))
    assert reply.given is not None
    assert reply.given["valence"] == Given(9.0, clamped_from=11.0)
    assert reply.given["arousal"] == Given(1.0, clamped_from=-3.0)


def test_a_label_that_the_study_does_not_offer_is_no_answer(
    ten: Callable[..., FerModel], items: tuple[Item, ...], picture: Callable[..., Path]
) -> None:
    """Surprise is off the list; how likely the options are is kept all the same, and the numbers stand."""
    reply = reply_of(ten([0, 0, 0, 1, 0, 0, 0, 3, 0, 0]), items, picture(0, 0, 0))
    assert reply.given is not None
    assert reply.given["emotion"] == Given(None, "off-list")
    assert reply.given["valence"].value == pytest.approx(5.0)
    assert reply.text.startswith("surprise; ")
    assert max(reply.options["emotion"].probabilities, key=reply.options["emotion"].probabilities.__getitem__) == "fear"


def test_a_picture_without_a_face_gets_no_answer_and_says_why(
    items: tuple[Item, ...], picture: Callable[..., Path]
) -> None:
    """On a grey wall the detector finds nothing, so that nothing is shown to the network."""
    reply = reply_of(find_model("fer:faceapi"), items[:1], picture(128, 128, 128, (256, 256)))
    assert reply.given == {"emotion": Given(None, "no-face")}
    assert reply.text == "no face found"
    assert reply.options == {}
    assert reply.sent_sha256 == hashlib.sha256(b"").hexdigest()


def test_the_digest_is_of_what_the_network_was_shown(
    ten: Callable[..., FerModel], items: tuple[Item, ...], picture: Callable[..., Path]
) -> None:
    """A white square of 8 pixels a side is 192 ones; another picture has another digest."""
    model = ten([0.0] * 10)
    white = reply_of(model, items, picture(255, 255, 255, (20, 20)))
    assert white.sent_sha256 == hashlib.sha256(np.ones(192, dtype="<f4").tobytes()).hexdigest()
    assert reply_of(model, items, picture(0, 0, 0)).sent_sha256 != white.sent_sha256


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"channels": "rgb"}, (1.0, 0.2, 0.0)),
        ({"channels": "bgr"}, (0.0, 0.2, 1.0)),
        ({"channels": "rgb", "layout": "NHWC"}, (1.0, 0.2, 0.0)),
        ({"channels": "rgb", "pixels": [0, 255]}, (255.0, 51.0, 0.0)),
        ({"channels": "rgb", "pixels": [-1, 1]}, (1.0, -0.6, -1.0)),
        ({"channels": "rgb", "mean": [0.5, 0.4, 0.3], "std": [0.5, 0.1, 0.3]}, (1.0, -2.0, -1.0)),
    ],
)
def test_pixels_reach_the_network_as_described(
    given: dict[str, object],
    seen: tuple[float, float, float],
    tmp_path: Path,
    described: Callable[..., FerModel],
    picture: Callable[..., Path],
) -> None:
    """A picture of one colour: the network gives back the mean of each channel as it came."""
    write_network(tmp_path / "see.onnx", {"output": Sums([0, 0, 0], np.eye(3).tolist())}, nhwc="layout" in given)
    items = tuple(Item(name, Likert(0, 1000)) for name in ("first", "second", "third"))
    model = described(
        onnx="see.onnx",
        input={"name": "picture", "size": 8} | given,
        crop={"detector": "none", "square": False},
        scales=[{"items": [item.name], "index": place} for place, item in enumerate(items)],
    )
    words = reply_of(model, items, picture(255, 51, 0)).text.split("; ")
    assert words == [*(f"{item.name} {number:.3f}" for item, number in zip(items, seen, strict=True)), "whole picture"]


def test_the_same_picture_gets_the_same_answer(
    items: tuple[Item, ...], picture: Callable[..., Path], ten: Callable[..., FerModel]
) -> None:
    """Nothing is random, and there is nothing to draw a seed for."""
    (rater,) = ten([1, 2, 3, 4, 5, 6, 7, 8, 0.1, 0.2]).make([Request(items=items)])
    question = Question("", items)
    first, second = (rater.view(picture(9, 99, 199), seed).ask(question) for seed in (1, 2))
    assert (first.given, first.options, first.sent_sha256) == (second.given, second.options, second.sent_sha256)


def test_a_network_that_fails_on_a_picture_ends_that_picture_only(
    ten: Callable[..., FerModel], items: tuple[Item, ...], picture: Callable[..., Path], tmp_path: Path
) -> None:
    """A number that is none is an error of the picture, as is a file that is no picture."""
    (rater,) = ten([math.nan] * 10).make([Request(items=items)])
    with pytest.raises(AskError, match="not a finite number"):
        rater.view(picture(0, 0, 0), 0).ask(Question("", items))
    (tmp_path / "no.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(ImageError, match="is not a picture"):
        rater.view(tmp_path / "no.png", 0)


def test_settings_tell_all_that_decides_an_answer(ten: Callable[..., FerModel], items: tuple[Item, ...]) -> None:
    """The file by its digest, how a picture is prepared, what outputs mean; another description has other settings."""
    (rater,) = ten([0.0] * 10).make([Request(items=items)])
    assert rater.settings["kind"] == "fer"
    assert rater.settings["input"] == "8 x 8 rgb NCHW, pixels 0 to 1, mean 0, std 1"
    assert rater.settings["detector"] == "none"
    assert rater.settings["scales"] == "valence: first output 8, -1 to 1, arousal: first output 9, -1 to 1"
    (other,) = ten([0.0] * 10, off_list="renormalise").make([Request(items=items)])
    assert {key for key in rater.settings if rater.settings[key] != other.settings[key]} == {"off_list"}
    (third,) = ten([1.0] * 10).make([Request(items=items)])
    assert {key for key in rater.settings if rater.settings[key] != third.settings[key]} == {"model_digest"}
