"""Processes that open one snapshot share its memory; a fit's arrays are not opened at all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core.strings import pack_ids
from tastegraph.store.snapshots import Snapshots

MEGABYTES = 48
READER = """
import sys
from pathlib import Path
from tastegraph.store.snapshots import Snapshots

snapshot = Snapshots(Path(sys.argv[1])).open()
total = sum(float(array.sum()) for array in snapshot.arrays.values() if array.ndim == 2)
names = snapshot.strings("names")
assert names[names.row("item-77")] == "item-77"
print("ready", flush=True)
sys.stdin.readline()
maps = Path("/proc/self/smaps").read_text()
sizes = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
is_ours = False
for line in maps.splitlines():
    key, _, value = line.partition(":")
    if "-" in key and "kB" not in line:
        is_ours = ".npy" in line
    elif is_ours and key in sizes:
        sizes[key] += int(value.split()[0])
print(*sizes.values(), "learning" in maps, flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux says what is shared")
def test_two_processes_share_the_pages_of_a_snapshot(tmp_path):
    matrix = np.random.default_rng(1).random((MEGABYTES * 2**18, 1), dtype=np.float32)
    names = pack_ids("names", [f"item-{k}" for k in range(10_000)])
    arrays = {"a": matrix, "learning/b": matrix + 1, **names}
    Snapshots(tmp_path).publish({}, arrays)
    command = [sys.executable, "-c", READER, str(tmp_path)]
    readers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    for reader in readers:
        reader.stdin.write("\n")
        reader.stdin.flush()
        resident, share, dirty, has_learning = reader.stdout.readline().split()
        assert int(resident) >= MEGABYTES * 1024
        assert int(share) <= 0.6 * int(resident)
        assert int(dirty) == 0
        assert has_learning == "False"
    for reader in readers:
        reader.communicate("\n")
    assert [reader.returncode for reader in readers] == [0, 0]
