"""Every setting, decided by NDCG@10 on validation data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tastegraph.arrays import CSR, without
from tastegraph.config import Model as ModelConfig
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.ranking import filters
from tastegraph.ranking.blend import weigh
from tastegraph.ranking.fit import assemble, behaviour_table, fit, learn, with_cold_weights
from tastegraph.ranking.kernels import Scores, TableKernel
from tastegraph.ranking.learned import Choice, Content, Learned
from tastegraph.ranking.model import (
    BEHAVIOUR,
    FEW_LIKES,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    PARTS,
    TEXT,
    Part,
)
from tastegraph.ranking.objective import Objective, people_to_ask
from tastegraph.ranking.training import Vectors

HALF_LIVES = (None, 20.0, 5.0)
AGAINST = (0.1, 0.5)
"""A dislike always counts; how much is chosen."""
EASE_STRENGTHS = (100.0, 250.0, 500.0)
RP3_BETAS = (0.0, 0.3, 0.6)
CELLS = 20_000_000
"""People are sampled so that one part's validation scores hold at most so many numbers."""

_EVEN = {BEHAVIOUR: 1.0, NETWORK: 1.0, KNOWLEDGE: 0.2, TEXT: 0.2}
UNTUNED = Choice(
    filter="rp3beta",
    parameter=0.3,
    attention=dict.fromkeys((BEHAVIOUR, KNOWLEDGE, TEXT), Recency(20.0, AGAINST[-1])),
    epochs=8,
    weights={KNOWN: _EVEN, NEW: _EVEN},
    valid=None,
)
"""What is used where there are too few events to choose by."""


@dataclass(frozen=True)
class Validation:
    """Whom to ask, what they did, and how good an answer is."""

    histories: Sequence[History]
    objective: Objective

    @classmethod
    def of(cls, training: Interactions, valid: CSR, config: ModelConfig) -> Validation | None:
        """``None`` where nobody has both a like to learn from and one to find."""
        likes = training.likes()
        valid = without(valid, likes)
        people = people_to_ask(valid, training.n_items, CELLS, config.seed)
        people = people[np.diff(likes.indptr)[people] > 0]
        if not len(people):
            return None
        histories = training.histories(config.history)
        return cls([histories[k] for k in people], Objective.of(likes, valid, people))

    def __call__(self, part: Part) -> float:
        """How good one part is alone."""
        return self.objective(part.scores(self.histories))


def choose(content: Content, training: Interactions, valid: CSR, config: ModelConfig) -> Learned:
    """Fix every setting by NDCG@10 on ``valid`` (CSR[U, I]), and learn from ``training``.

    Without validation data the settings are ``UNTUNED``.
    """
    validation = Validation.of(training, valid, config)
    if validation is None:
        return fit(content, training, UNTUNED, config)
    name, parameter = _best_filter(training.likes(), validation)

    def quality(vectors: Vectors) -> float:
        return validation(Part(vectors.attention, vectors.kernel))

    start = replace(UNTUNED, filter=name, parameter=parameter)
    learned = learn(content, training, start, config, quality)
    learned = replace(learned, choice=weighed(content, training, valid, learned, config))
    return with_cold_weights(content, training, learned, config)


def weighed(
    content: Content,
    training: Interactions,
    valid: CSR,
    learned: Learned,
    config: ModelConfig,
    parts: Collection[str] = PARTS,
) -> Choice:
    """The choice of ``learned`` with attention and weights chosen anew, of ``parts`` alone."""
    validation = Validation.of(training, valid, config)
    if validation is None:
        return learned.choice
    model = assemble(content, training.likes(), learned)
    recencies = _recencies(training)
    options = {
        name: [part] if name == NETWORK else [Part(recency, part.kernel) for recency in recencies]
        for name, part in model.parts.items()
        if name in parts
    }

    def offers(histories: Sequence[History], chosen: dict[str, list[Part]]) -> _Offers:
        def standardised(part: Part) -> Scores:
            scores = part.scores(histories)
            return scores * model.spread(scores)[:, None]

        return {name: [partial(standardised, p) for p in some] for name, some in chosen.items()}

    known = weigh(offers(validation.histories, options), validation.objective.by_person)
    best = {name: [options[name][setting]] for name, setting in known.settings.items()}
    short = [history.newest(FEW_LIKES - 2) for history in validation.histories]
    new = weigh(offers(short, best), validation.objective.by_person)
    return replace(
        learned.choice,
        attention={
            name: part.attention
            for name, (part,) in best.items()
            if isinstance(part.attention, Recency)
        },
        weights={KNOWN: known.weights, NEW: new.weights},
        valid=known.reached,
    )


_Offers = dict[str, list[Callable[[], Scores]]]


def _best_filter(likes: CSR, validation: Validation) -> tuple[str, float]:
    options = [("rp3beta", beta) for beta in RP3_BETAS]
    if likes.shape[1] <= filters.DENSE_ITEMS:
        options += [("ease", strength) for strength in EASE_STRENGTHS]

    def value(option: tuple[str, float]) -> float:
        kernel = TableKernel(behaviour_table(likes, *option))
        return max(validation(Part(Recency(half_life), kernel)) for half_life in HALF_LIVES)

    return max(options, key=value)


def _recencies(training: Interactions) -> list[Recency]:
    against = AGAINST if (training.weights < 0).any() else AGAINST[-1:]
    return [Recency(half_life, factor) for factor in against for half_life in HALF_LIVES]
