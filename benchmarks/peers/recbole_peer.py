"""One model of RecBole at its defaults, but for patience, stopped early on validation.

python recbole_peer.py MODEL FOLDER OUT --limit SECONDS --k 20
"""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.data.interaction import Interaction
from recbole.model.knowledge_aware_recommender.kgat import KGAT
from recbole.utils import get_model, get_trainer, init_seed

from benchmarks.peers import bench
from benchmarks.peers.bench import Clock
from benchmarks.peers.split import Lists, Split

# Of what RecBole 1.2.1 needs, SciPy took this away in 1.13.
sp.dok_matrix._update = lambda matrix, entries: matrix._dict.update(entries)

SCORES_AT_ONCE = 2_000_000
"""For evaluation; RecBole's own 4,096 means one user at a time where there are 3,000 items."""
BIG_SCORES = {"KGCN": 20_000, "RippleNet": 20_000}
"""These two hold whole vectors or memories for every score; more at once is slower."""


class KGATWithoutDGL(KGAT):
    """KGAT's first attention from SciPy: RecBole asks DGL for it in a form that DGL 1.0 dropped."""

    def __init__(self, config: Config, dataset: Any) -> None:
        graph = dataset.ckg_graph
        dataset.ckg_graph = lambda form, value_field: graph("coo", value_field)
        super().__init__(config, dataset)

    def init_graph(self) -> torch.Tensor:
        """Every row of every relation's adjacency sums to 1; float[U + E, U + E], sparse."""
        total = sp.csr_matrix(self.ckg.shape)
        for relation in range(1, self.n_relations):
            at = self.ckg.data == relation
            ends = self.ckg.row[at], self.ckg.col[at]
            edges = sp.csr_matrix((np.ones(at.sum()), ends), shape=self.ckg.shape)
            degree = np.asarray(edges.sum(axis=1)).ravel()
            total += sp.diags(1 / np.maximum(degree, 1)) @ edges
        total = total.tocoo()
        ends = torch.as_tensor(np.stack([total.row, total.col]), dtype=torch.int64)
        return torch.sparse_coo_tensor(ends, torch.as_tensor(total.data).float(), total.shape)


CHECKPOINT, SECONDS_BETWEEN = "checkpoint.pt", 60.0
"""Where a training without a limit leaves how far it is, at most so often."""


def run(name: str, split: Split, clock: Clock, out: Path) -> Lists:
    config = _config(name, split)
    init_seed(config["seed"], config["reproducibility"])
    dataset = create_dataset(config)
    train, valid, _ = data_preparation(config, dataset)
    best: list[Any] = []
    with clock.running():
        init_seed(config["seed"], config["reproducibility"])
        network = KGATWithoutDGL if name == "KGAT" else get_model(name)
        model = network(config, train._dataset).to(config["device"])
        trainer = get_trainer(config["MODEL_TYPE"], name)(config, model)
        checkpoint = None if math.isfinite(clock.limit) else out / CHECKPOINT
        if checkpoint is not None and checkpoint.exists():
            best[:] = _resumed(checkpoint, trainer, clock)
        saved = time.perf_counter()

        def keep(epoch: int, valid: float) -> None:
            nonlocal saved
            if clock.better(valid):
                best[:] = copy.deepcopy([model.state_dict(), model.other_parameter()])
            if checkpoint is not None and time.perf_counter() - saved >= SECONDS_BETWEEN:
                _save(checkpoint, trainer, clock, epoch, best)
                saved = time.perf_counter()

        trainer.fit(train, valid, saved=False, verbose=False, callback_fn=keep)
    if not best:
        raise TimeoutError(f"no validation within {clock.limit:g} s")
    state, other = best
    model.load_state_dict(state)
    model.load_other_parameter(other)
    model.eval()
    return _recommend(trainer, dataset, valid, split)


def _save(file: Path, trainer: Any, clock: Clock, epoch: int, best: list[Any]) -> None:
    """Leave how far a training is after ``epoch``: all of it, or none."""
    state = {
        "epoch": epoch,
        "model": trainer.model.state_dict(),
        "other": trainer.model.other_parameter(),
        "optimizer": trainer.optimizer.state_dict(),
        "best": best,
        "best_valid": float(trainer.best_valid_score),
        "since": int(trainer.cur_step),
        "course": clock.course,
        "random": torch.get_rng_state(),
    }
    beside = file.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(file)


def _resumed(file: Path, trainer: Any, clock: Clock) -> list[Any]:
    """Set a trainer and the clock to where :func:`_save` left them; return the best until then."""
    state = torch.load(file, weights_only=True)
    trainer.model.load_state_dict(state["model"])
    trainer.model.load_other_parameter(state["other"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    trainer.start_epoch = state["epoch"] + 1
    trainer.cur_step, trainer.best_valid_score = state["since"], state["best_valid"]
    torch.set_rng_state(state["random"])
    clock.resume([(float(seconds), float(valid)) for seconds, valid in state["course"]])
    best: list[Any] = state["best"]
    return best


def _config(name: str, split: Split) -> Config:
    graph = {
        "kg": ["head_id", "relation_id", "tail_id"],
        "link": ["item_id", "entity_id"],
    }
    known = (split.folder / f"{split.name}.kg").exists()
    settings = {
        "benchmark_filename": ["train", "valid", "test"],
        "load_col": {"inter": ["user_id", "item_id"], **(graph if known else {})},
        "eval_batch_size": BIG_SCORES.get(name, SCORES_AT_ONCE),
        "epochs": bench.MAX_EPOCHS,
        "stopping_step": bench.PATIENCE,
        "valid_metric": "NDCG@10",
        "show_progress": False,
        "use_gpu": False,
        "state": "ERROR",
    }
    logging.disable(logging.WARNING)
    config = Config(model=name, dataset=split.name, config_dict=settings)
    config["data_path"] = str(split.folder)
    return config


@torch.no_grad()
def _recommend(trainer: Any, dataset: Any, valid: Any, split: Split) -> Lists:
    """Lists in our ids: RecBole numbers users and items anew, from 1."""
    users = _ours(dataset, dataset.uid_field)
    items = _ours(dataset, dataset.iid_field)
    seen = split.matrix(split.train, split.valid)
    trainer.tot_item_num = dataset.item_num
    trainer.item_tensor = valid._dataset.get_item_feature().to(trainer.device)
    lists = np.full((split.n_users, split.k), -1, dtype=np.int32)
    width = min(split.k, len(items) - 1)
    for rows in _blocks(len(users), valid.step):
        batch = Interaction({dataset.uid_field: torch.as_tensor(rows)})
        _, scores, _, _ = trainer._full_sort_batch_eval((batch, None, None, None))
        scores = scores.cpu()
        ours = users[rows]
        scores[:, 1:][torch.as_tensor(seen[ours][:, items[1:]].toarray() > 0)] = -torch.inf
        top, at = scores.topk(width, dim=1)
        lists[ours, :width] = np.where(np.isfinite(top), items[at], -1)
    return lists


def _ours(dataset: Any, field: str) -> np.ndarray:
    tokens = dataset.field2id_token[field][: dataset.num(field)]
    return np.array([-1, *map(int, tokens[1:])])


def _blocks(n: int, size: int) -> Iterator[np.ndarray]:
    for start in range(1, n, size):
        yield np.arange(start, min(start + size, n))


if __name__ == "__main__":
    bench.main("recbole", run)
