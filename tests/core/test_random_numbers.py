"""Random numbers: never the same twice, in any thread or process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from tastegraph.core.random_numbers import BYTES, random_bytes, random_id, random_seed


def test_no_id_comes_twice_in_any_thread() -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: random_id(), range(5_000)))
    assert len(set(ids)) == 5_000
    assert all(len(bytes.fromhex(each)) == 16 for each in ids)


def test_sizes_and_seeds_are_what_they_should_be() -> None:
    assert [len(random_bytes(size)) for size in (0, 1, 4_000, BYTES)] == [0, 1, 4_000, BYTES]
    seeds = [random_seed() for _ in range(2_000)]
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert 2**31 * 0.9 < sum(seeds) / len(seeds) < 2**31 * 1.1


def test_a_forked_process_has_numbers_of_its_own() -> None:
    random_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, random_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100).decode() != random_id()
    os.close(reading)
    os.close(writing)
