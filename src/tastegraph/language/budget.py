"""Tokens and what they cost: estimated before a run, counted during it."""

from __future__ import annotations

from tastegraph.config import Prices

BYTES_PER_TOKEN = 4
"""A rule of thumb for English and Chinese; no tokenizer is asked, since each model has its own."""


def tokens(*texts: str) -> int:
    """Roughly how many tokens ``texts`` are: their UTF-8 bytes by four, rounded up."""
    return -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN)


def cost(prices: Prices | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """What these tokens cost; ``None`` where no prices are told."""
    if prices is None:
        return None
    return (prompt_tokens * prices.prompt + completion_tokens * prices.completion) / 1e6


class Budget:
    """Tokens that may still be used: reserved before a question, settled after its answer."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit

    def reserve(self, most: int) -> bool:
        """Set ``most`` tokens aside; ``False``, and nothing is, where fewer are left."""
        if self._left is None:
            return True
        if most > self._left:
            return False
        self._left -= most
        return True

    def settle(self, reserved: int, used: int) -> None:
        """Give back what was set aside and take what was used."""
        if self._left is not None:
            self._left += reserved - used
