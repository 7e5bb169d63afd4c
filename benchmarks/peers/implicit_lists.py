"""Lists by implicit from given factors: a round of all users for each line that comes in.

python implicit_lists.py FOLDER N

FOLDER holds ``users.npy``, ``items.npy`` and the seen items as a CSR matrix, ``seen.npz``. Each
answer is a line with the processor seconds of the round; the lists of the last one are written to
``lists.npy``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse


def main() -> None:
    folder, n = Path(sys.argv[1]), int(sys.argv[2])
    model = AlternatingLeastSquares(num_threads=1)
    model.user_factors = np.load(folder / "users.npy")
    model.item_factors = np.load(folder / "items.npy")
    seen = sparse.csr_matrix(sparse.load_npz(folder / "seen.npz"))
    users = np.arange(len(model.user_factors))
    for _ in sys.stdin:
        start = time.process_time()
        lists, _ = model.recommend(users, seen, N=n)
        seconds = time.process_time() - start
        np.save(folder / "lists.npy", lists)
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
