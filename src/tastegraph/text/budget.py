"""Tokens and what they cost: estimated before a run, counted during it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tastegraph.core.config import Prices

BYTES_PER_TOKEN = 4
"""A rule of thumb for English and Chinese; no tokenizer is asked, since each model has its own."""


@dataclass
class Usage:
    """What a run asked and used.

    Attributes:
        questions: all, of which ``cached`` had an answer before and ``left`` have none after.
        failed: questions without a usable answer, by reason.
        cost: in the currency of the prices; ``None`` where none are told.
        stopped: why the run ended before its last question, or empty.
    """

    questions: int = 0
    cached: int = 0
    asked: int = 0
    left: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    failed: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def in_words(self) -> str:
        """One line on what was asked and what it took."""
        cost = "" if self.cost is None else f", cost {self.cost:.4f}"
        stopped = f"; stopped: {self.stopped}" if self.stopped else ""
        return (
            f"{self.questions:,} texts ({self.cached:,} answered before, {self.left:,} left), "
            f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens in {self.seconds:.0f} s"
            f"{cost}{stopped}"
        )


@dataclass(frozen=True)
class Plan:
    """What a run would ask; nothing is asked for it.

    Attributes:
        prompt_tokens: estimated at four bytes of text a token.
        completion_tokens: at most, if every answer were as long as ``max_tokens`` allows.
        cost: of both, hence an upper bound; ``None`` where no prices are told.
    """

    questions: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None

    def in_words(self) -> str:
        """One line on what would be asked and what it would take."""
        cost = "" if self.cost is None else f", at most {self.cost:.2f}"
        return (
            f"{self.questions:,} texts, {self.cached:,} answered before; about "
            f"{self.prompt_tokens:,} tokens to read and at most {self.completion_tokens:,} to "
            f"write{cost}; nothing was asked"
        )


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
