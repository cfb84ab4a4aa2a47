"""Models behind servers by name: `server:NAME` of models.yaml, and `openai:MODEL` at any address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError
from vlmrate.raters.model import Model, Request, entry_of
from vlmrate.raters.server.address import Address, read_address
from vlmrate.raters.server.client import Client, Patience, server_problem
from vlmrate.raters.server.entry import ServerEntry
from vlmrate.raters.server.rater import ServerRater
from vlmrate.raters.server.reading import Reader
from vlmrate.raters.server.secret import key_from, missing_key
from vlmrate.raters.server.wording import Wording, thinking_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.raters.model import Named

_URL = "OPENAI_BASE_URL"
_KEY = "OPENAI_API_KEY"


def server_model(asked: Named) -> ServerModel:
    """A model of models.yaml that a server answers for.

    Raises:
        RaterError: There is no such entry, or it has a mistake.
    """
    return ServerModel(asked.name, entry_of(asked, ServerEntry))


def openai_model(asked: Named) -> ServerModel:
    """The model that a server knows by the name after `openai:`, with the key of OPENAI_API_KEY if that is set.

    Raises:
        RaterError: No model is named, or models.yaml has an entry of that name with a mistake.
    """
    if not asked.rest:
        raise RaterError("openai: names no model; write --model openai:MODEL as the server calls it")
    if asked.values is not None:
        entry = entry_of(asked, ServerEntry)
        return ServerModel(asked.name, entry.model_copy(update={"model": entry.model or asked.rest}))
    key_env = _KEY if os.environ.get(_KEY) else None
    return ServerModel(asked.name, ServerEntry(model=asked.rest, key_env=key_env))


class ServerModel(Model):
    """A vision-language model behind a server. Which server may be said as late as in the request (--url)."""

    def __init__(self, name: str, entry: ServerEntry) -> None:
        super().__init__(name)
        self.entry = entry
        self._url = entry.url or os.environ.get(_URL)

    @property
    def kind(self) -> str:
        """server."""
        return "server"

    @property
    def source(self) -> str:
        """The server's address, if it may be shown, and its name for the model."""
        model = self.entry.model or "the first model listed"
        try:
            return f"{self._address().url}, {model}"
        except RaterError:
            return model

    @property
    def rater_name(self) -> str:
        """The name in models.yaml; of `openai:org/model:tag` it is model-tag."""
        _, _, name = self.name.partition(":")
        return name.rstrip("/").rpartition("/")[2].replace(":", "-")

    @property
    def temperature(self) -> float:
        """As models.yaml says; 1 where none is sent, as servers have it."""
        return 1.0 if self.entry.temperature is None else self.entry.temperature

    @property
    def priced(self) -> bool:
        """Whether models.yaml has prices."""
        return self.entry.prices is not None

    @property
    def about(self) -> Mapping[str, str]:
        """Family, parameters, and the currency of its prices."""
        prices = self.entry.prices
        known = {
            "family": self.entry.family,
            "parameters": self.entry.parameters,
            "currency": prices.currency if prices else None,
        }
        return {name: value for name, value in known.items() if value is not None}

    @property
    def size(self) -> str:
        """As models.yaml says."""
        return self.entry.parameters or ""

    @property
    def note(self) -> str | None:
        """That pictures leave this machine, if they do, and what models.yaml says."""
        notes = [self._privacy(), self.entry.note]
        return "; ".join(note for note in notes if note) or None

    def missing(self) -> str | None:
        """What to do about packages, an address or a key that is not there; nothing is asked over the network."""
        if (problem := server_problem()) is not None:
            return problem
        try:
            self._safe_address()
        except RaterError as error:
            return str(error)
        key_env = self.entry.key_env
        return missing_key(key_env) if key_env is not None and not os.environ.get(key_env) else None

    def make(self, requests: Sequence[Request]) -> tuple[ServerRater, ...]:
        """A rater a request, all over one pool of connections to one server.

        Raises:
            RaterError: Packages, address or key are missing, no server answers there, or a request asks for what the
                model cannot do.
        """
        for request in requests:
            self._refuse_unknown(request, ("temperature", "thinking_tokens", "parallel", "url"))
        if (problem := server_problem()) is not None:
            raise RaterError(problem)
        self._url = requests[0].url or self._url
        key = key_from(os.environ, self.entry.key_env)
        patience = Patience(attempts=self.entry.attempts, timeout=self.entry.timeout)
        parallel = requests[0].parallel or self.entry.parallel
        client = Client(self._safe_address(), key, parallel=parallel, patience=patience)
        return self.raters(client, requests)

    def raters(self, client: Client, requests: Sequence[Request]) -> tuple[ServerRater, ...]:
        """A rater a request, over a client that is there.

        Raises:
            RaterError: No server answers, it lists no model and none is named, or reasoning cannot be switched.
        """
        listed = client.first_model()
        model = self.entry.model or listed
        if model is None:
            raise RaterError(
                f"the server at {client.address.url} does not say which models it has; name one in models.yaml "
                f"(model), or ask for --model openai:MODEL --url {client.address.url}"
            )
        reader = Reader(client.key, self.entry.prices)
        return tuple(ServerRater(client, self._wording(request, model), reader) for request in requests)

    def _wording(self, request: Request, model: str) -> Wording:
        entry = self.entry
        tokens = entry.thinking_tokens if request.thinking_tokens is None else request.thinking_tokens
        switch = thinking_fields(self.name, entry.thinking, tokens)
        temperature = entry.temperature if request.temperature is None else request.temperature
        return Wording(entry, model, temperature, tokens, switch, spare=tokens or 0)

    def _address(self) -> Address:
        if self._url is None:
            raise RaterError(
                f"{self.name} has no address; give one with --url, such as http://127.0.0.1:8000/v1, or in the "
                f"environment variable {_URL}"
            )
        return read_address(self._url, self.name)

    def _safe_address(self) -> Address:
        """The address, which may be told the key if there is one: anybody on the way reads what goes over http."""
        address, key_env = self._address(), self.entry.key_env
        if key_env is not None and not (address.encrypted or address.local):
            raise RaterError(
                f"{self.name} would send the key in {key_env} unencrypted to {address.host}; give an https:// address "
                "or a tunnel to this machine, or, if that server needs no key, unset the variable or leave key_env out"
            )
        return address

    def _privacy(self) -> str | None:
        try:
            address = self._address()
        except RaterError:
            return None
        if address.local:
            return None
        plain = "" if address.encrypted else ", unencrypted"
        key = f" with the key in {self.entry.key_env}" if self.entry.key_env else ""
        return f"sends every picture to {address.host}{key}{plain}: they leave this machine"
