"""A server's address: checked before anything is sent, and shown without anything that could be secret."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from vlmrate.errors import RaterError


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server's API, such as http://127.0.0.1:8000/v1."""

    url: str
    host: str
    encrypted: bool

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_address(url: str, name: str) -> Address:
    """Check the address of the model called `name`.

    Raises:
        RaterError: It is no http or https address, or it holds a user name, a password or a query, which would end
            up in records; the message does not repeat it.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise RaterError(f"the url of {name} is no address; give one such as http://127.0.0.1:8000/v1") from None
    if parts.username is not None or parts.password is not None:
        raise RaterError(
            f"the url of {name} holds a user name or password, which would be recorded; leave it out, and name the "
            "environment variable that holds the server's key in models.yaml (key_env)"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise RaterError(f"the url of {name} must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment:
        raise RaterError(
            f"the url of {name} has a part behind ? or #, which would be recorded and may hold a key; leave it out"
        )
    return Address(f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), host.lower(), parts.scheme == "https")
