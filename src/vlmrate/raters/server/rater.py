"""The server rater: sends a picture and a question, and reads what comes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Reply, Settings
    from vlmrate.raters.server.client import Client
    from vlmrate.raters.server.reading import Reader
    from vlmrate.raters.server.wording import Wording


class ServerRater:
    """A vision-language model behind a server; several pictures may be in hand at once, each in its own thread."""

    def __init__(self, client: Client, wording: Wording, reader: Reader) -> None:
        self._client = client
        self._wording = wording
        self._reader = reader

    @property
    def settings(self) -> Settings:
        """All that decides its answers; never a key, nor how patiently or how much at once it is asked."""
        return {"kind": "server", "url": self._client.address.url, **self._wording.settings}

    @property
    def workers(self) -> int:
        """As many as requests may be in flight, and a quarter more: while these are being made ready or stored."""
        return self._client.parallel + self._client.parallel // 4

    def view(self, image: Path, seed: int) -> ServerView:
        """Make a picture ready to be sent.

        Raises:
            ImageError: It cannot be read, is refused, or cannot be sent.
        """
        return ServerView(self, self._wording.entry.picture.packing.data_uri(image), seed)

    def answer(self, picture: bytes, question: Question, seed: int) -> Reply:
        """Answer one question about a picture (a data URI).

        Raises:
            AskError: The server did not answer in the attempts allowed, or refused the request.
        """
        body = self._wording.body(question, picture, seed)
        start = time.perf_counter()
        answered = self._client.ask(body, self._reader.cost)
        return self._reader.reply(answered, question, body, time.perf_counter() - start)


class ServerView:
    """One picture, ready to be sent with each question."""

    def __init__(self, rater: ServerRater, picture: bytes, seed: int) -> None:
        self._rater = rater
        self._picture = picture
        self._seed = seed
        self._asked = 0

    def ask(self, question: Question) -> Reply:
        """Answer one question about the picture."""
        self._asked += 1
        return self._rater.answer(self._picture, question, self._seed + self._asked)
