"""API keys of a workspace: random secrets, of which only hashes are stored, each with its scopes.

A key is 256 random bits, so that no dictionary holds it: SHA-256 is enough, and a slow hash would
only make every request slow. All hashes are compared, in constant time.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from tastegraph.core.errors import ConfigError
from tastegraph.core.messages import Message
from tastegraph.store.durable import file_lock, replace_text

KEYS_FILE = "keys.json"
"""Name of the file in a workspace."""
Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""``read``: lists, profiles and facts; ``write``: events, items, users, decisions; ``admin``: both,
and which model is in service."""
MAX_KEY_LENGTH = 200
_PREFIX = "tg_"
_RANDOM_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATIENCE = 5.0
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key.

    Attributes:
        name: by which it is listed, logged and removed.
        scopes: what it may do.
        digest: SHA-256 of the secret, in hexadecimal.
        created: seconds since 1970-01-01 UTC.
    """

    name: str
    scopes: tuple[Scope, ...]
    digest: str
    created: float

    def allows(self, scope: Scope) -> bool:
        """Whether it may do what needs ``scope``; ``admin`` may do everything."""
        return scope in self.scopes or "admin" in self.scopes


class KeyFile:
    """The keys of one workspace; a change of the file counts from the next :meth:`keys` on.

    Args:
        directory: of the workspace.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / KEYS_FILE
        self._state: tuple[int, int, int] | None = None
        self._keys: tuple[ApiKey, ...] = ()

    def exists(self) -> bool:
        """Whether there ever was a key: then requests need one, even if all were removed."""
        return self.path.exists()

    def keys(self) -> Sequence[ApiKey]:
        """All keys, in the order in which they were added.

        Raises:
            ConfigError: the file cannot be read.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._state, self._keys = None, ()
            return ()
        state = (status.st_mtime_ns, status.st_ino, status.st_size)
        if state != self._state:
            self._keys, self._state = _read(self.path), state
        return self._keys

    def matching(self, secret: str) -> ApiKey | None:
        """The key with this secret, if there is one."""
        digest = _digest(secret)
        match = None
        for key in self.keys():
            if hmac.compare_digest(key.digest, digest):
                match = key
        return match

    def add(self, name: str, scopes: Sequence[str]) -> str:
        """Add a key. Returns its secret, which cannot be read again.

        Raises:
            ConfigError: the name is taken or cannot be a name, there is no scope, or the file
                cannot be read.
            BusyError: another process has been changing the keys for five seconds.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} cannot be the name of a key: 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-' "
                "are expected"
            )
        secret = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        ordered = checked_scopes(scopes)
        with file_lock(self._lock, self._busy, _PATIENCE):
            keys = self.keys()
            if any(key.name == name for key in keys):
                raise ConfigError(f"there is a key {name!r} already: remove it first")
            self._write([*keys, ApiKey(name, ordered, _digest(secret), time.time())])
        return secret

    def remove(self, name: str) -> None:
        """Remove a key: it opens nothing from the next request on.

        Raises:
            ConfigError: there is no such key, or the file cannot be read.
            BusyError: another process has been changing the keys for five seconds.
        """
        with file_lock(self._lock, self._busy, _PATIENCE):
            keys = self.keys()
            if all(key.name != name for key in keys):
                names = ", ".join(key.name for key in keys) or "none"
                raise ConfigError(f"there is no key {name!r}; there are: {names}")
            self._write([key for key in keys if key.name != name])

    @property
    def _lock(self) -> Path:
        return self.path.with_suffix(".lock")

    @property
    def _busy(self) -> Message:
        return Message("busy.keys", file=self.path)

    def _write(self, keys: Sequence[ApiKey]) -> None:
        text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1)
        replace_text(self.path, text, mode=_OWNER_ONLY)


def checked_scopes(names: Sequence[str]) -> tuple[Scope, ...]:
    """Scopes by name, each once, the weakest first.

    Raises:
        ConfigError: there is none, or a name is not that of a scope.
    """
    if not names or not set(names) <= set(SCOPES):
        wrong = ", ".join(repr(name) for name in names if name not in SCOPES) or "none"
        raise ConfigError(f"{wrong}: one or more of the scopes {', '.join(SCOPES)} expected")
    return tuple(scope for scope in SCOPES if scope in names)


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(file: Path) -> tuple[ApiKey, ...]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["keys"]
        keys = tuple(
            ApiKey(str(row["name"]), tuple(row["scopes"]), row["digest"], float(row["created"]))
            for row in rows
        )
        valid = all(
            re.fullmatch("[0-9a-f]{64}", key.digest) and set(key.scopes) <= set(SCOPES)
            for key in keys
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{file} cannot be read: {error!r}") from None
    if not valid:
        raise ConfigError(f"{file}: a hash of 64 digits and scopes of {', '.join(SCOPES)} expected")
    return keys
