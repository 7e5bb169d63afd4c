"""Who may call which route: API keys and the scope that each route declares beside its path.

``router.get("/…", openapi_extra=READ)`` is both what the OpenAPI document says and what is
enforced; a route that declares nothing needs ``admin``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Scope as RequestScope

from tastegraph.core.errors import TastegraphError
from tastegraph.core.messages import Message
from tastegraph.serving.api.errors import RefusedError
from tastegraph.serving.api.hosts import is_local
from tastegraph.store.keys import MAX_KEY_LENGTH, ApiKey, KeyFile, Scope

BEARER, HEADER = "bearer", "apiKey"
"""Names of the two ways to send a key, in the OpenAPI document."""
SECURITY_SCHEMES: Final[dict[str, dict[str, str]]] = {
    BEARER: {"type": "http", "scheme": "bearer", "description": "an API key of the workspace"},
    HEADER: {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "the same key, as Gorse's clients send it",
    },
}
_STATE, _ACCESS = "state", "access"


def _needs(scope: Scope) -> dict[str, Any]:
    return {"security": [{BEARER: [scope]}, {HEADER: [scope]}]}


READ: Final = _needs("read")
"""``openapi_extra`` of a route that only answers."""
WRITE: Final = _needs("write")
"""``openapi_extra`` of a route that stores or deletes data."""
ADMIN: Final = _needs("admin")
"""``openapi_extra`` of a route that changes which model is in service."""
PUBLIC: Final[dict[str, Any]] = {"security": []}
"""``openapi_extra`` of a route that says nothing about anybody."""


def declared_scope(openapi_extra: dict[str, Any] | None) -> Scope | None:
    """The scope that a route needs by what it declares; ``None`` where it is public."""
    security: list[dict[str, list[Scope]]] = (openapi_extra or ADMIN).get("security", [])
    return security[0][BEARER][0] if security else None


class Access:
    """The keys of a service.

    Without any key a service that only this machine can reach is open; as soon as there is a key,
    every request needs one, since with a proxy before it all requests come from this machine.

    Args:
        directory: of the workspace.
    """

    def __init__(self, directory: Path) -> None:
        self._file = KeyFile(directory)
        self._is_closed = self._file.exists()

    @property
    def is_closed(self) -> bool:
        """Whether requests need a key; once true, it stays so as long as the service runs."""
        self._is_closed = self._is_closed or self._file.exists()
        return self._is_closed

    def check_address(self, host: str, needs_keys: bool = False) -> None:
        """Check that the service may listen at ``host``.

        Args:
            host: name or address.
            needs_keys: whether a key is needed on this machine too, as behind a proxy.

        Raises:
            TastegraphError: there is no key, and one is needed or other machines can reach it.
            ConfigError: the file of the keys cannot be read.
        """
        if self._file.keys() or (is_local(host) and not needs_keys):
            return
        directory = self._file.path.parent
        advice = f"run 'tastegraph keys add {directory} NAME --scope read --scope write' first"
        if needs_keys:
            raise TastegraphError(f"{directory} has no API key, and one is required: {advice}")
        raise TastegraphError(
            f"{host} can be reached from other machines, and {directory} has no API key: {advice}, "
            "or serve at 127.0.0.1"
        )

    def identify(self, scope: RequestScope) -> ApiKey | None:
        """Store with a request who sent it; returns the key. See :func:`check_scope`.

        Raises:
            ConfigError: the file of the keys cannot be read.
        """
        if not self.is_closed:
            return None
        secret = _secret(Headers(scope=scope))
        key = self._file.matching(secret) if secret else None
        problem = "request.unknown_key" if secret else "request.no_key"
        scope.setdefault(_STATE, {})[_ACCESS] = problem if key is None else key
        return key


def check_scope(scope: RequestScope, needed: Scope | None) -> None:
    """Check that a request may use a route that needs a scope.

    Raises:
        RefusedError: 401, there is no valid key; 403, the key has not this scope.
    """
    access: ApiKey | str | None = scope.get(_STATE, {}).get(_ACCESS)
    if needed is None or access is None:
        return
    if isinstance(access, str):
        raise RefusedError(401, Message(access), headers={"WWW-Authenticate": "Bearer"})
    if not access.allows(needed):
        raise RefusedError(403, Message("request.scope", key=access.name, scope=needed))


def may_write(scope: RequestScope) -> bool:
    """Whether a request that may read may also store data of users."""
    return _allows(scope, "write")


def may_administer(scope: RequestScope) -> bool:
    """Whether a request that may read may also see what names files of the machine."""
    return _allows(scope, "admin")


def _allows(scope: RequestScope, needed: Scope) -> bool:
    access = scope.get(_STATE, {}).get(_ACCESS)
    return access is None or (isinstance(access, ApiKey) and access.allows(needed))


def key_name(scope: RequestScope) -> str | None:
    """The name of the key that a request was sent with, if it is a valid one."""
    access: ApiKey | str | None = scope.get(_STATE, {}).get(_ACCESS)
    return access.name if isinstance(access, ApiKey) else None


def _secret(headers: Headers) -> str:
    """The secret that a request presents, or the empty text."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    secret = credentials.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return secret if len(secret) <= MAX_KEY_LENGTH else ""
