"""What all three lessons cost on MovieLens-1M's whole corpus, as long as they are by default.

finetuning.{seconds, texts, pretraining, finetuning}
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.language.sets import ml1m
from benchmarks.language.taught import MOST_TOKENS, Reader, material, with_facts
from tastegraph.core.config import FinetuningConfig
from tastegraph.models.cold_start import cold_item_holdout
from tastegraph.pipeline.finetune import finetune_encoder, finetuning_report
from tastegraph.profiles.splits import TRAIN

ALL = FinetuningConfig(objectives=("pretraining", "alignment", "co-engagement"))
SEED = 1


def run(data: Path, reader: Reader) -> dict[str, Any]:
    """Seconds of all lessons together, and of each model on the way."""
    told = ml1m(data)
    training = told.events.select(told.parts == TRAIN)
    lessons = material(told, training, cold_item_holdout(told.graph.item_ids, SEED))
    read = reader.of(told.name)
    read(reader.frozen, with_facts(told))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        model = finetune_encoder(reader.frozen, lessons, ALL, SEED, Path(folder), read)
        seconds = time.perf_counter() - began
        reports = [finetuning_report(path) for path in Path(folder).iterdir() if path.is_dir()]
        pretraining = next(report for report in reports if "objective" in report)
        finetuning = finetuning_report(model)
    return {
        "seconds": round(seconds, 1),
        "texts": len(lessons.texts),
        "tokens": MOST_TOKENS,
        "pretraining": {key: pretraining[key] for key in ("before", "after", "steps", "seconds")},
        "finetuning": {
            "steps": len(finetuning["losses"]),
            "seconds": round(finetuning["seconds"], 1),
            "first_loss": round(finetuning["losses"][0], 3),
            "last_loss": round(finetuning["losses"][-1], 3),
        },
    }
