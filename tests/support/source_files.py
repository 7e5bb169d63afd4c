"""Files for the readers' tests: written packed as their names say, and read strictly."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from tastegraph.core.errors import RowError
from tastegraph.data.rejected_rows import RejectedRows

Reader = Callable[[Path, RejectedRows], Iterator[object]]
STRICT = RejectedRows("raise")
PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstandard.compress}


def write(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(PACK.get(path.suffix, bytes)(data))
    return path


def fault(reader: Reader, path: Path) -> RowError:
    with pytest.raises(RowError) as caught:
        list(reader(path, STRICT))
    return caught.value
