"""A real server of another maker: llama.cpp with a model of random weights that reads no pictures.

It needs the packages xllamacpp (llama.cpp's server, 100 MB) and gguf, which vlmrate does not depend on.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from raters.server.test_mlx_server import free_port, wait_for
from vlmrate.errors import AskError
from vlmrate.protocol.records import Question
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.raters.server.address import read_address
from vlmrate.raters.server.client import Client
from vlmrate.raters.server.secret import Key
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MISSING = [name for name in ("xllamacpp", "gguf") if importlib.util.find_spec(name) is None]

SERVER = """
import sys, time
import gguf, numpy, xllamacpp

file, port, width, hidden = sys.argv[1], int(sys.argv[2]), 64, 128
draw = numpy.random.default_rng(0)
pieces = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256)), "\\u2581".encode()]
model = gguf.GGUFWriter(file, "llama")
model.add_context_length(512)
model.add_embedding_length(width)
model.add_block_count(1)
model.add_feed_forward_length(hidden)
model.add_head_count(2)
model.add_layer_norm_rms_eps(1e-5)
model.add_tokenizer_model("llama")
model.add_token_list(pieces)
model.add_token_scores([0.0] * len(pieces))
model.add_token_types([2, 3, 3, *[6] * 256, 1])
model.add_bos_token_id(1)
model.add_eos_token_id(2)
model.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\\n{% endfor %}assistant:")
shapes = {"token_embd": (len(pieces), width), "output": (len(pieces), width), "blk.0.ffn_gate": (hidden, width),
          "blk.0.ffn_up": (hidden, width), "blk.0.ffn_down": (width, hidden)}
shapes |= {f"blk.0.attn_{part}": (width, width) for part in ("q", "k", "v", "output")}
for name, shape in shapes.items():
    model.add_tensor(f"{name}.weight", draw.normal(0, 0.05, shape).astype("float32"))
for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
    model.add_tensor(f"{name}.weight", numpy.ones(width, "float32"))
model.write_header_to_file()
model.write_kv_data_to_file()
model.write_tensors_to_file()
model.close()
settings = xllamacpp.CommonParams()
settings.model.path, settings.hostnames, settings.port = file, ["127.0.0.1"], port
settings.n_ctx, settings.n_parallel, settings.warmup = 512, 1, False
server = xllamacpp.Server(settings)
time.sleep(600)
"""


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """Run llama.cpp's server until the block ends; its address."""
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(folder / "random.gguf"), str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/v1/models", process)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_a_model_that_reads_no_pictures_says_so_in_one_sentence(tmp_path: Path) -> None:
    """One attempt, the server's own words; and the words and log-probabilities of its answers are read."""
    Image.new("RGB", (8, 8)).save(tmp_path / "grey.png")
    with llama_server(tmp_path) as url:
        (rater,) = find_model("server:local").make([Request(url=url)])
        with pytest.raises(AskError, match="500: image input is not supported") as failed:
            rater.view(tmp_path / "grey.png", 1).ask(Question("?", (Item("emotion", Labels(("happy", "sad"))),)))
        assert failed.value.attempts == 1
        body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 3, "logprobs": True, "top_logprobs": 5}
        answered = Client(read_address(url, "llama"), Key(None), parallel=1).ask(json.dumps(body).encode(), len)
    assert answered.completion is not None
    (choice,) = answered.completion.choices
    assert choice.tokens
    assert all(len(token.top_logprobs or ()) == 5 for token in choice.tokens)
    assert answered.used[0].completion_tokens == 3
