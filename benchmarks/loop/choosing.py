"""A model chosen on everybody's newest tenth of what is known, and fitted on all of it."""

from __future__ import annotations

from tastegraph.config import Evaluation
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.parts import parts_of
from tastegraph.evaluation.split import TRAIN, VALID
from tastegraph.profiles.interactions import Interactions
from tastegraph.ranking.choice import choose
from tastegraph.ranking.fit import fit
from tastegraph.ranking.learned import Content, Learned

BY_TIME = Evaluation(split="user-temporal", fractions=(0.9, 0.1, 0.0))


def chosen(content: Content, known: Interactions, config: ModelConfig) -> Learned:
    """Every setting anew, as a build does."""
    parts = parts_of(known, BY_TIME, config.seed)
    valid = known.select((parts == VALID) & (known.weights > 0)).likes()
    learned = choose(content, known.select(parts == TRAIN), valid, config)
    return fit(content, known, learned.choice, config)
