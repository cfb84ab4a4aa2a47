"""A real server: mlx_vlm.server with the embedded model says what the same model says in this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from vlmrate.inference.job import Job
from vlmrate.inference.runner import run
from vlmrate.inference.store import store_for
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.model import mlx_problem
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.resources import configs_folder, embedded_model_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vlmrate.inference.records import Rating
    from vlmrate.raters.base import Rater

IMAGES = 6


@contextmanager
def mlx_server(folder: Path) -> Iterator[str]:
    """Run mlx_vlm.server with the embedded model until the block ends; its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlx_vlm.server", "--model", str(embedded_model_folder()), "--host", "127.0.0.1",
               "--port", str(port), "--top-logprobs-k", "20"]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HF_HUB_OFFLINE": "1"})
        try:
            wait_for(f"http://127.0.0.1:{port}/v1/models", process)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    """A port on which nobody listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    for _ in range(600):
        assert process.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  an address made in this file
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the server did not come up")


def rated(rater: Rater, name: str, folder: Path) -> dict[str, Rating]:
    """The demo study's ratings of some images, spread over all emotions."""
    study = load_study(configs_folder() / "study.yaml", results=folder)
    protocol = load_protocol("context-carry", study)
    job = Job(
        study=study,
        protocol=protocol,
        rater=rater,
        rater_name=name,
        store=store_for(study, name, protocol.name),
        stimuli=study.stimuli[:: len(study.stimuli) // IMAGES][:IMAGES],
    )
    assert run(job).progress.failed == 0
    return {rating.image_id: rating for _, rating in job.store.rating_files()}


@pytest.mark.slow
@pytest.mark.skipif(mlx_problem() is not None, reason="mlx-vlm cannot run here")
def test_over_http_the_model_says_what_it_says_here(tmp_path: Path) -> None:
    """Greedy, the picture first: the same words at every step. The server tokenises a second begin mark before the
    template's own (one token more a prompt) and keeps half precision, so that probabilities differ a little; of
    twenty named tokens none of 1 to 9 and none of the six labels is missing in this small vocabulary."""
    with mlx_server(tmp_path) as url:
        (behind_server,) = find_model("server:local").make([Request(url=url)])
        there = rated(behind_server, "there", tmp_path)
    (in_process,) = find_model("tiny").make([Request()])
    here = rated(in_process, "here", tmp_path)
    assert len(there) == len(here) == IMAGES
    for image, rating in there.items():
        for remote, local in zip(rating.steps, here[image].steps, strict=True):
            assert (remote.text, remote.prompt) == (local.text, local.prompt)
            assert remote.prompt_tokens == local.prompt_tokens + 1
            (mine,), (other,) = remote.answers, local.answers
            assert mine.value == other.value
            assert mine.unlisted == ()
            assert mine.probabilities == pytest.approx(other.probabilities, abs=0.03)
