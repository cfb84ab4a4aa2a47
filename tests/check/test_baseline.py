"""The baseline's file: read as written, and refused in one sentence when it cannot be trusted."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from check.conftest import REPOSITORY
from vlmrate.check.baseline import read_baseline, write_baseline
from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.check.records import Baseline

FILE = REPOSITORY / "data" / "baseline" / "demo-tiny-context-carry.json"


def test_a_baseline_is_read_as_it_was_written(baseline: Baseline, tmp_path: Path) -> None:
    """Written again it is the same file, byte for byte."""
    write_baseline(tmp_path / "again.json", baseline)
    assert (tmp_path / "again.json").read_bytes() == FILE.read_bytes()


def test_the_baseline_in_git_is_small_and_of_no_machine(baseline: Baseline) -> None:
    """Under 200 kB for 36 images, an image a line; no absolute path, no address, no name of a host or a key."""
    text = FILE.read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert len(baseline.images) == baseline.chosen.images == 36
    assert sum(line.startswith('  {"image_id"') for line in text.splitlines()) == 36
    assert not re.search(r'"/|[A-Za-z]:\\|://|/home/|/Users/', text)
    assert not re.search(r"hostname|api.?key|secret|password", text, re.IGNORECASE)


def test_no_answer_of_the_baseline_in_git_is_a_near_tie(baseline: Baseline) -> None:
    """The likeliest answer leads by more than another chip's arithmetic could take away."""
    for image in baseline.images:
        for answer in image.answers:
            assert answer.probabilities is not None
            first, second = sorted(answer.probabilities.values(), reverse=True)[:2]
            assert first - second > 1e-3, (image.image_id, answer.item)


def older(text: str) -> str:
    """As an earlier vlmrate might have written it."""
    return text.replace("vlmrate-baseline/1", "vlmrate-baseline/0")


def newer(text: str) -> str:
    """As a later vlmrate might write it."""
    return text.replace("vlmrate-baseline/1", "vlmrate-baseline/2")


def edited(text: str) -> str:
    """With an answer changed by hand."""
    return text.replace('"value": "sad"', '"value": "happy"', 1)


def lacking(text: str) -> str:
    """Well digested, but with a field of its own."""
    document = {key: value for key, value in json.loads(text).items() if key != "digest"} | {"mood": 1}
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return json.dumps(document | {"digest": digest})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text[: len(text) // 2], "is not whole JSON (.+); restore it from git, or make it anew"),
        (lambda _: "", "is not whole JSON"),
        (lambda _: "[]", "does not hold named fields"),
        (lambda _: "{}", "is no baseline (its format is None"),
        (edited, "was edited: its digest does not fit what it holds; restore it from git, or make it anew"),
        (older, "is of the older format vlmrate-baseline/0, and this vlmrate reads vlmrate-baseline/1; make it anew"),
        (newer, "is of the newer format vlmrate-baseline/2, and this vlmrate reads vlmrate-baseline/1; update"),
        (lacking, "is no baseline (mood: Extra inputs are not permitted); make it anew with `vlmrate check --update`"),
    ],
)
def test_a_spoilt_baseline_gets_its_sentence(tmp_path: Path, spoil: object, sentence: str) -> None:
    """Truncated, empty, edited, older, newer, foreign: what it is and what to do, and exit code 2."""
    file = tmp_path / "spoilt.json"
    file.write_text(spoil(FILE.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(CheckError) as caught:
        read_baseline(file)
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value)
    pattern = re.escape(sentence).replace(re.escape(".+"), ".+")
    assert re.search(pattern, str(caught.value)), str(caught.value)


def test_a_missing_baseline_gets_its_sentence(tmp_path: Path) -> None:
    """There is none: how to make one."""
    with pytest.raises(CheckError, match=r"there is no baseline .+; make one with `vlmrate check --update`"):
        read_baseline(tmp_path / "none.json")
