"""Which names the service answers to, so that no page elsewhere can read or change what it holds.

A page elsewhere can let its own host name point at this machine (DNS rebinding); a browser then
counts the service as part of that page, but still sends the page's name in the ``Host`` header.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

LOCALHOST = "localhost"


class AllowedHosts:
    """The host names of a service: those of this machine, and others by name.

    Args:
        names: further names, without a port.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {_normalized(name) for name in names}

    def foreign(self, scope: Scope) -> str | None:
        """The first ``Host`` of a request that is not allowed, or ``None`` if all are.

        A request without a ``Host`` is allowed: no browser sends one.
        """
        hosts = Headers(scope=scope).getlist("host")
        return next((host for host in hosts if not self._allows(host)), None)

    @property
    def has_names(self) -> bool:
        """Whether there are further names than those of this machine."""
        return bool(self._names)

    def _allows(self, header: str) -> bool:
        name = _normalized(_without_port(header))
        return name in self._names or is_local(name)


def is_local(name: str) -> bool:
    """Whether a name or address means this machine alone, whatever a name server says."""
    name = _normalized(name)
    if name == LOCALHOST or name.endswith(f".{LOCALHOST}"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _without_port(header: str) -> str:
    """``[::1]:8000`` → ``[::1]``, ``localhost:8000`` → ``localhost``."""
    name, colon, port = header.strip().rpartition(":")
    return name if colon and (not port or port.isdecimal()) and name else header.strip()


def _normalized(name: str) -> str:
    """In lower case, without the brackets of an IPv6 address and the dot of a full name."""
    return name.strip().lower().removeprefix("[").removesuffix("]").removesuffix(".")
