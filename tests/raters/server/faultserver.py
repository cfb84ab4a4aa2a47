"""A server on loopback that speaks the chat-completions protocol and does wrong to order."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EMOTIONS = ("happy", "sad")
USAGE = {"prompt_tokens": 100, "completion_tokens": 2}


@dataclass(slots=True)
class Script:
    """What the server does wrong, a fault a request in their order, and what it was asked.

    `say` are words to say instead of the usual answer, `always` a fault of every request, `delay` seconds an answer
    takes, `most` how many requests it takes at once before it says 429.
    """

    faults: deque[str | None] = field(default_factory=deque)
    always: str | None = None
    say: str | None = None
    delay: float = 0.0
    most: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> int:
        """How many questions arrived, whatever became of them."""
        return len(self.bodies)


def answer_to(body: dict[str, Any]) -> str:
    """A label or a number that depends on the picture and the words alone."""
    image, text = body["messages"][-1]["content"]
    digest = hashlib.sha256((image["image_url"]["url"] + text["text"]).encode()).digest()
    return EMOTIONS[digest[0] % 2] if "Choose one" in text["text"] else str(1 + digest[0] % 9)


def completion(text: str | None, **message: Any) -> dict[str, Any]:
    """An answer as servers give it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": USAGE}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Script

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        if self.script.always == "echo_escaped_model":
            self._raw(200, b'{"data": [{"id": "' + self._escaped_key() + b'"}]}')
            return
        self._send(200, {"data": [{"id": "first-model"}, {"id": "second-model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script = self.script
        with script.lock:
            script.bodies.append(body)
            script.headers.append(dict(self.headers))
            script.times.append(time.monotonic())
            script.in_flight += 1
            script.most_in_flight = max(script.most_in_flight, script.in_flight)
            fault = script.faults.popleft() if script.faults else script.always
            if script.most is not None and script.in_flight > script.most:
                fault = "429"
                script.refused += 1
        try:
            if fault != "429":
                time.sleep(script.delay)
            self._respond(fault, body)
        finally:
            with script.lock:
                script.in_flight -= 1

    def _respond(self, fault: str | None, body: dict[str, Any]) -> None:
        text = self.script.say if self.script.say is not None else answer_to(body)
        if fault is None:
            answer = completion(text)
            answer["choices"][0] |= self.script.extra
            self._send(200, answer)
        elif fault.isdigit():
            self._send(int(fault), {"error": {"message": f"fault {fault}"}})
        else:
            getattr(self, f"_{fault}")(text)

    def _wait_a_little(self, _: str) -> None:
        self._send(429, {"error": {"message": "too many"}}, {"Retry-After": "0.2"})

    def _quota(self, _: str) -> None:
        self._send(429, {"error": {"message": "no money left", "code": "insufficient_quota"}})

    def _slow(self, text: str) -> None:
        time.sleep(1.5)
        self._send(200, completion(text))

    def _dripping(self, _: str) -> None:
        """Every byte comes in time, the whole does not."""
        self._head(200, "application/json", 100)
        for _ in range(20):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)
        self.close_connection = True

    def _cut(self, _: str) -> None:
        """The connection breaks before a word."""
        self.close_connection = True

    def _half(self, text: str) -> None:
        """Half of the promised bytes, then the connection breaks."""
        content = json.dumps(completion(text)).encode()
        self._head(200, "application/json", len(content))
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def _half_json(self, text: str) -> None:
        """All the promised bytes, which are half a JSON."""
        content = json.dumps(completion(text)).encode()
        self._raw(200, content[: len(content) // 2])

    def _empty(self, _: str) -> None:
        self._send(200, completion(""))

    def _null(self, _: str) -> None:
        self._send(200, completion(None))

    def _no_choices(self, _: str) -> None:
        self._send(200, {"choices": [], "usage": None})

    def _html(self, _: str) -> None:
        self._raw(200, b"<html>busy</html>", "text/html")

    def _huge(self, text: str) -> None:
        """Ten million bytes."""
        content = json.dumps(completion(text + " " * 10_000_000)).encode()
        self._head(200, "application/json", len(content))
        try:
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _refusal(self, _: str) -> None:
        self._send(200, completion(None, refusal="I can't judge people by their faces."))

    def _filtered(self, _: str) -> None:
        answer = completion("")
        answer["choices"][0]["finish_reason"] = "content_filter"
        self._send(200, answer)

    def _filtered_400(self, _: str) -> None:
        self._send(400, {"error": {"message": "the picture was filtered", "code": "content_filter"}})

    def _bad_request(self, _: str) -> None:
        self._send(400, {"error": {"message": "this model takes no images", "type": "invalid_request_error"}})

    def _echo(self, _: str) -> None:
        """An error that repeats the headers, key and all."""
        self._send(400, {"error": {"message": f"cannot use {dict(self.headers)}"}})

    def _echo_500(self, _: str) -> None:
        self._raw(500, f"crashed on {dict(self.headers)}".encode(), "text/plain")

    def _echo_answer(self, _: str) -> None:
        said = self.headers["Authorization"]
        self._send(200, completion(f"my key is {said}", reasoning_content=f"they gave me {said}"))

    def _echo_escaped(self, _: str) -> None:
        """An error that repeats the key with every sign written as a JSON escape."""
        self._raw(400, b'{"error": {"message": "cannot use ' + self._escaped_key() + b'"}}')

    def _echo_escaped_half(self, _: str) -> None:
        """The same in an answer that is no whole JSON."""
        self._raw(200, b'{"error": "cannot use ' + self._escaped_key())

    def _echo_escaped_answer(self, _: str) -> None:
        """The same in an answer and its finish."""
        key = self._escaped_key()
        message = b'{"content": "it is ' + key + b'", "reasoning_content": "' + key + b'"}'
        self._raw(200, b'{"choices": [{"message": ' + message + b', "finish_reason": "' + key + b'"}]}')

    def _escaped_key(self) -> bytes:
        return "".join(f"\\u{ord(sign):04X}" for sign in self.headers["Authorization"]).encode()

    def _send(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(document).encode(), headers=headers)

    def _raw(
        self, status: int, content: bytes, kind: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self._head(status, kind, len(content), headers)
        self.wfile.write(content)

    def _head(self, status: int, kind: str, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


@contextmanager
def serving(faults: Iterable[str | None] = (), *, port: int = 0, script: Script | None = None,
            **settings: Any) -> Iterator[tuple[str, Script]]:  # fmt: skip
    """Run a server; its address and script."""
    script = script or Script(deque(faults), **settings)
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"script": script}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
