"""One request after another to one server, tried again where that may help, and every attempt counted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from vlmrate.errors import AskError, RaterError, RaterGoneError
from vlmrate.raters.server.answered import Completion, ModelList, Usage
from vlmrate.raters.server.faults import FaultError, fault_of, shortened
from vlmrate.raters.server.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from vlmrate.raters.server.address import Address
    from vlmrate.raters.server.secret import Key

LONGEST_BODY = 4 * 2**20
"""Bytes of an answer; one that is longer is broken off and counts as a fault."""

EMPTY_AGAIN = 2
"""How often an empty answer is asked for anew before it is kept as it is."""

_INSTALL = "models behind a server need two packages more: pip install 'vlmrate[server]'"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try: attempts a question, seconds an attempt, and seconds of waiting in between.

    Without a word from the server the wait is `first_wait`, doubled each time up to `longest_wait`, and up to
    `jitter` seconds more by chance.
    """

    attempts: int = 6
    timeout: float = 120.0
    first_wait: float = 0.5
    longest_wait: float = 30.0
    jitter: float = 0.5


@dataclass(frozen=True, slots=True)
class Answered:
    """A server's answer, after how many attempts, and what all of them used as far as the server told.

    `completion` is None where the server declined to answer about the picture; `declined` is then what it said.
    """

    completion: Completion | None
    attempts: int
    used: tuple[Usage, ...]
    declined: str = ""


@dataclass(slots=True)
class _Tally:
    attempts: int = 0
    empty: int = 0
    used: list[Usage] = field(default_factory=list)


class Client:
    """A pool of connections to one server; safe to use from as many threads as it has connections."""

    def __init__(self, address: Address, key: Key, *, parallel: int, patience: Patience | None = None) -> None:
        self.address = address
        self.key = key
        self.parallel = parallel
        self.patience = patience or Patience()
        self.throttle = Throttle(parallel)
        self._http = _connections(address, key, parallel, self.patience.timeout)
        self._where = self._http.build_request("POST", f"{address.url}/chat/completions").url
        self._limits = {"timeout": self._http.timeout.as_dict()}
        _report_no_waits()

    def ask(self, body: bytes, price: Callable[[tuple[Usage, ...]], float | None]) -> Answered:
        """Send a request until it is answered.

        Raises:
            AskError: It was refused, or not answered in the attempts allowed; with what they cost by `price`.
        """
        import stamina

        tally, patience = _Tally(), self.patience
        try:
            for attempt in stamina.retry_context(
                on=_again,
                attempts=patience.attempts,
                timeout=None,
                wait_initial=patience.first_wait,
                wait_max=patience.longest_wait,
                wait_jitter=patience.jitter,
            ):
                with attempt:
                    tally.attempts = attempt.num
                    return Answered(self._attempt(body, tally), tally.attempts, tuple(tally.used))
        except FaultError as fault:
            if fault.filtered:
                return Answered(None, tally.attempts, tuple(tally.used), str(fault))
            tries = f" (attempt {tally.attempts} of {patience.attempts})" if fault.again else ""
            failed = RaterGoneError if fault.gone else AskError
            raise failed(f"{fault}{tries}", attempts=tally.attempts, cost=price(tuple(tally.used))) from None
        raise AskError("the question was never asked", attempts=0)

    def first_model(self) -> str | None:
        """The name of the first model that the server lists; None where it lists none.

        Raises:
            RaterError: Nobody answers at the address, or the server refuses the key.
        """
        import httpx2

        where = self.address.url
        try:
            with self._http.stream("GET", f"{where}/models") as response:
                content = self.key.scrub_bytes(_whole_body(response, time.monotonic() + self.patience.timeout))
        except httpx2.ConnectError:
            raise RaterError(f"no server answers at {where}; start it, or correct the address (--url)") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, FaultError) as error:
            raise RaterError(f"the server at {where} cannot be asked: {self._clean(str(error))}") from None
        if response.status_code in (401, 403):
            raise RaterError(
                f"the server at {where} refuses the key (status {response.status_code}); models.yaml names the "
                "environment variable that must hold it (key_env)"
            )
        try:
            listed = ModelList.model_validate_json(content).data
        except ValidationError:
            return None
        return self.key.scrub(listed[0].id) if listed else None

    def _attempt(self, body: bytes, tally: _Tally) -> Completion:
        """One attempt, in a place of the throttle.

        Raises:
            FaultError: There is no usable answer.
        """
        with self.throttle.place() as round_:
            try:
                completion = self._read(self._post(body))
            except FaultError as fault:
                if fault.overrun:
                    self.throttle.overrun(round_)
                raise
        self.throttle.succeeded()
        if completion.usage is not None:
            tally.used.append(completion.usage)
        if _says_nothing(completion) and tally.empty < EMPTY_AGAIN and tally.attempts < self.patience.attempts:
            tally.empty += 1
            raise FaultError("the server's answer was empty")
        return completion

    def _post(self, body: bytes) -> bytes:
        import httpx2

        until = time.monotonic() + self.patience.timeout
        try:
            response = self._http.send(self._request(body), stream=True)
            try:
                content = self.key.scrub_bytes(_whole_body(response, until))
            finally:
                response.close()
        except httpx2.TimeoutException:
            raise FaultError(f"the server did not answer within {self.patience.timeout:g} s") from None
        except httpx2.ConnectError:
            raise FaultError(f"no server answers at {self.address.url}", gone=True) from None
        except httpx2.HTTPError as error:
            said = self._clean(str(error)) or type(error).__name__
            raise FaultError(f"the connection to {self.address.host} broke: {said}") from None
        if response.status_code != httpx2.codes.OK:
            raise fault_of(response.status_code, response.headers.get("retry-after"), _text(content), self.key.scrub)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise FaultError(f"the server answered with {self._clean(kind)} instead of JSON")
        return content

    def _request(self, body: bytes) -> httpx2.Request:
        """A request over an address and headers that are read once, which saves a good part of the client's time."""
        import httpx2

        return httpx2.Request("POST", self._where, headers=self._http.headers, content=body, extensions=self._limits)

    def _read(self, content: bytes) -> Completion:
        try:
            return Completion.model_validate_json(content)
        except ValidationError:
            raise FaultError(
                f"the server's answer is no whole chat completion: {self._clean(_text(content))}"
            ) from None

    def _clean(self, text: str) -> str:
        return shortened(self.key.scrub(text))


def server_problem() -> str | None:
    """Why no server can be asked, in one sentence; None where the packages are there."""
    try:
        import httpx2  # noqa: F401
        import stamina  # noqa: F401
    except ImportError:
        return _INSTALL
    return None


def _report_no_waits() -> None:
    """Keep stamina from reporting every wait; what happened is on record with each answer.

    Where structlog is installed it would print to stdout, which holds the outcome alone (`--json`), and else to the
    log, which Python prints where nobody listens.
    """
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks(())


def _connections(address: Address, key: Key, parallel: int, timeout: float) -> httpx2.Client:
    import httpx2

    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **key.headers()}
    return httpx2.Client(
        headers=headers,
        timeout=timeout,
        limits=httpx2.Limits(max_connections=parallel, max_keepalive_connections=parallel, keepalive_expiry=30.0),
        follow_redirects=False,
        # A proxy is for the network; what is on this machine is asked directly.
        trust_env=not address.local,
    )


def _whole_body(response: httpx2.Response, until: float) -> bytes:
    """The body, read as it comes.

    Raises:
        FaultError: It is longer than LONGEST_BODY, or not at its end by `until`.
    """
    parts, length = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        length += len(part)
        if length > LONGEST_BODY:
            raise FaultError(f"the server's answer is longer than {LONGEST_BODY // 2**20} MiB")
        if time.monotonic() > until:
            raise FaultError("the server did not finish its answer in time")
    return b"".join(parts)


def _again(error: Exception) -> bool | float:
    """Whether, and after how many seconds, to ask again."""
    if not isinstance(error, FaultError) or not error.again:
        return False
    return True if error.wait is None else error.wait


def _says_nothing(completion: Completion) -> bool:
    choice = completion.choices[0]
    # What was cut off by the number of tokens allowed, or refused, is as empty the next time.
    if choice.finish_reason in ("length", "content_filter") or choice.message.refusal:
        return False
    return not choice.message.text.strip()


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
