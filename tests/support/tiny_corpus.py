"""A corpus that a tiny language model learns in a minute: sentences of few words with names."""

from __future__ import annotations

from typing import Any

from tastegraph.text.finetune.corpus import TextDocument

COLOURS = ("red", "green", "blue", "white", "black", "grey")
NAMES = ("Ann Abel", "Bob Bernhard", "Cy Carlson", "Di Dunne", "Ed Ekman", "Fay Fonda")
CORPUS = [
    TextDocument(
        (
            f"We begin with the {COLOURS[k % 6]} film.",
            f"{NAMES[k % 6]} sold it for {k % 7} dollars.",
        ),
        (NAMES[k % 6],),
    )
    for k in range(400)
]
"""Texts of two sentences each.

A pair whose second sentence begins with "We" is of two documents."""
FEW = CORPUS[:40]
SMALL: dict[str, Any] = {"entity_masking": True, "batch_size": 16, "max_tokens": 32}
"""Settings of a short pre-training."""
