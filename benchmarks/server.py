"""What the client costs: many images rated through a local server that takes a fixed time an answer.

The server is a process of its own on loopback; it answers every question after 200 ms however many are asked at once.
Ideal is what that time alone takes: images x steps x 0.2 s / in flight. Each size runs in a process of its own, which
reads the pictures, encodes and sends them, reads the answers with their log-probabilities, and stores each rating
flushed to the disk. Run it from the repository: `python benchmarks/server.py --help`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DELAY = 0.2
TARGET = 1.3
IMAGES = 1000
PIXELS = 224

STUDY = """\
name: many
stimuli: stimuli.csv
items:
  emotion: {options: [happy, sad, angry, fear, disgust, neutral], intended: emotion}
  valence: {low: 1, high: 9, low_anchor: bad, high_anchor: good}
  arousal: {low: 1, high: 9, low_anchor: calm, high_anchor: excited}
factors: {emotion: emotion}
protocol: context-carry
"""


def answer(words: bytes) -> bytes:
    """A whole HTTP response with the log-probabilities of twenty tokens."""
    said, others = ("happy", "sad") if b"Choose one" in words else ("7", "8")
    named = [{"token": token, "logprob": math.log(p), "bytes": list(token.encode())}
             for token, p in ((said, 0.7), (others, 0.2), *((f"t{i}", 0.001) for i in range(18)))]  # fmt: skip
    content = json.dumps({
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop",
                     "logprobs": {"content": [{**named[0], "top_logprobs": named}]}}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 2},
    }).encode()  # fmt: skip
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def serve() -> None:
    """Answer every question after DELAY, until this process is ended; print the port first."""
    label, number = answer(b"Choose one"), answer(b"")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, _, rest = head.lower().partition(b"content-length:")
                body = await reader.readexactly(int(rest.split(b"\r\n", 1)[0])) if rest else b""
                if head.startswith(b"POST"):
                    await asyncio.sleep(DELAY)
                writer.write(label if b"Choose one" in body[-2000:] else number)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**22, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def make_study(folder: Path, images: int) -> None:
    """A study of so many photographs-like pictures: sixteen different ones under many names."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(1)
    (folder / "images").mkdir()
    for number in range(16):
        coarse = Image.fromarray(rng.integers(0, 255, (14, 14, 3), dtype=np.uint8))
        coarse.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC).save(folder / "images" / f"{number}.jpg", quality=92)
    rows = [f"p{number},images/{number % 16}.jpg,happy" for number in range(images)]
    (folder / "stimuli.csv").write_text("\n".join(["image_id,path,emotion", *rows]) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")


def rate(folder: Path, url: str, parallel: int) -> None:
    """Rate a study and print what that took, as JSON."""
    from vlmrate.inference.prepare import Wishes, prepare
    from vlmrate.inference.runner import run_all

    models = folder / "models.yaml"
    models.write_text(f"server:bench: {{url: '{url}', model: m, picture: {{format: jpeg}}}}\n", encoding="utf-8")
    wishes = Wishes(model="server:bench", study=folder / "study.yaml", parallel=parallel, models_file=models)
    jobs = prepare(wishes, print)
    before = peak_mib()
    begin, cpu = time.perf_counter(), time.process_time()
    (finished,) = run_all(jobs)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    progress = finished.progress
    found = {"rated": progress.rated, "attempts": progress.spent.attempts, "wall": wall, "cpu": cpu}
    print(json.dumps({**found, "before": before, "peak": peak_mib()}))


def peak_mib() -> float:
    """The most memory this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def measure(images: int, parallel: int) -> dict[str, float]:
    """Rate so many images in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        make_study(Path(folder), images)
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None  # noqa: S101  it was asked for
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
            command = [sys.executable, __file__, "--rate", folder, "--url", url, "--parallel", str(parallel)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        finally:
            server.kill()
            server.wait()
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure every size and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[100, IMAGES], help="how many images; several sizes")
    parser.add_argument("--parallel", type=int, default=64, help="images in hand at once")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
    elif arguments.rate is not None:
        rate(arguments.rate, arguments.url, arguments.parallel)
    else:
        print("images  wall s  ideal s  ratio  CPU s  MiB before  peak MiB  load")
        for images in arguments.images:
            found = measure(images, arguments.parallel)
            ideal = images * 3 * DELAY / arguments.parallel
            verdict = "" if images != IMAGES else " met" if found["wall"] < TARGET * ideal else " missed"
            took = f"{found['wall']:6.2f}  {ideal:7.2f}  {found['wall'] / ideal:5.2f}  {found['cpu']:5.2f}"
            memory = f"{found['before']:10.1f}  {found['peak']:8.1f}"
            print(f"{images:6d}  {took}  {memory}  {os.getloadavg()[0]:4.1f}{verdict}", flush=True)


if __name__ == "__main__":
    main()
