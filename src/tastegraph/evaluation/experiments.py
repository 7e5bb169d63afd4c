"""What came of experiments: how often the lists of each variant got a response, and who is better.

A list has a response where an item of it got an event that counts as success and names the list, as
in :mod:`tastegraph.evaluation.feedback`. Each variant is compared with the control, or with the
first one where there is none; with several comparisons each has its part of the error (Bonferroni).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.config import Config, ExperimentConfig
from tastegraph.core.config.experiments import CONTROL
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.messages import Message
from tastegraph.evaluation.sequential import (
    LEVEL,
    ResponseSums,
    difference_bounds,
    lists_needed,
    rate_bounds,
)
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.store.database import Database
from tastegraph.store.served_lists import Exposure, exposures

MIN_USERS = 30
"""Users of each variant before one is called better: with fewer, intervals are not to be relied on.
"""
Verdict = Literal["better", "worse", "undecided"]


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)


class VariantFeedback(_Report):
    """Responses to the lists of one variant."""

    variant: str
    share: float | None = Field(
        description="of the users, as configured; null where it is not configured now"
    )
    users: int = Field(description="number of users who were shown lists of it")
    lists: int
    items: int = Field(description="number of items that these lists showed")
    responses: int = Field(description="number of lists with a response")
    events: dict[str, int] = Field(
        description="type → number of items in these lists with such an event"
    )
    rate: float | None = Field(description="share of the lists with a response; null without lists")
    low: float = Field(description="lower end of the interval of the rate, in [0, 1]")
    high: float = Field(description="upper end of the interval of the rate, in [0, 1]")
    snapshots: dict[str, int] = Field(
        description="version of the snapshot → number of lists made from it"
    )


class VariantComparison(_Report):
    """A variant beside the one that it is compared with."""

    variant: str
    reference: str = Field(description="the control, or the first variant where there is none")
    difference: float | None = Field(description="rate of the variant less that of the reference")
    low: float = Field(description="lower end of the interval of the difference, in [-1, 1]")
    high: float = Field(description="upper end of the interval of the difference, in [-1, 1]")
    verdict: Verdict = Field(
        description="better or worse than the reference, or undecided; it holds however often one "
        "looks"
    )
    more_lists: int | None = Field(
        description="about how many more lists of both would tell, if the difference stays as it "
        "is; null where none would in sight, and with too few users to tell"
    )
    text: str = Field(description="the verdict in words")


class ExperimentFeedback(_Report):
    """What came of one experiment."""

    experiment: str
    running: bool = Field(description="whether it is configured now")
    level: float = Field(
        description="probability with which the intervals hold, at all looks together"
    )
    variants: list[VariantFeedback]
    comparisons: list[VariantComparison]
    mixed_users: int = Field(
        description="number of users left out, since they were shown lists of more than one "
        "variant: the shares were changed meanwhile"
    )


@dataclass
class _UserResponses:
    """The lists that one user was shown of one variant."""

    lists: int = 0
    responses: int = 0
    items: int = 0
    events: Counter[str] = field(default_factory=Counter)
    snapshots: Counter[str] = field(default_factory=Counter)

    def add(self, places: list[Exposure], success_types: Collection[str]) -> None:
        successes = [
            kind for place in places for kind in set(place.events) if kind in success_types
        ]
        self.lists += 1
        self.responses += bool(successes)
        self.items += len(places)
        self.events.update(successes)
        self.snapshots[places[0].snapshot] += 1


_Variants = dict[str, dict[str, _UserResponses]]


def experiments_from_store(
    database: Database,
    config: Config,
    since: float = 0.0,
    kind: str | None = None,
    language: Language = DEFAULT_LANGUAGE,
) -> list[ExperimentFeedback]:
    """What came of every experiment that is configured, or that lists are stored of.

    Args:
        database: of the workspace.
        config: its experiments, and how events count.
        since: seconds since 1970-01-01 UTC; older lists are left out.
        kind: type of events that alone is a success; by default all that count for their item.
        language: of the verdicts.

    Raises:
        NotFoundError: no event of type ``kind`` counts for its item.
    """
    if not database.path.exists():
        return feedback_by_experiment([], config.experiments, (), language)
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
        types = {name for name, weight in meaning.weights.items() if weight > 0}
        if kind is not None and kind not in types:
            raise NotFoundError(Message("missing.success_type", name=kind, names=sorted(types)))
        types = types if kind is None else {kind}
        places = exposures(connection, since, counts=meaning.likes, experiments="only")
        return feedback_by_experiment(places, config.experiments, types, language)


def feedback_by_experiment(
    places: Iterable[Exposure],
    configured: Mapping[str, ExperimentConfig],
    success_types: Collection[str],
    language: Language = DEFAULT_LANGUAGE,
) -> list[ExperimentFeedback]:
    """What came of each experiment: those configured first, then those that lists are stored of.

    Args:
        places: of lists of experiments, list by list.
        configured: by name.
        success_types: types of events that count as success.
        language: of the verdicts.
    """
    by_experiment: dict[str, _Variants] = {
        name: {variant: {} for variant in _reference_first(experiment.shares)}
        for name, experiment in configured.items()
    }
    for list_id, exposed in itertools.groupby(places, key=lambda place: place.recommendation_id):
        of_list = list(exposed)
        first = of_list[0]
        name, variant = first.experiment or "", first.variant or ""
        users = by_experiment.setdefault(name, {}).setdefault(variant, {})
        # A list without a user is on its own: nothing tells whose other lists are.
        unit = first.user_id or f"\0{list_id}"
        users.setdefault(unit, _UserResponses()).add(of_list, success_types)
    return [
        _experiment_feedback(name, variants, configured.get(name), language)
        for name, variants in by_experiment.items()
    ]


def _reference_first(shares: Mapping[str, float]) -> list[str]:
    """The variants, the one that the others are compared with first."""
    return sorted(shares, key=lambda variant: variant != CONTROL)


def _experiment_feedback(
    name: str, variants: _Variants, config: ExperimentConfig | None, language: Language
) -> ExperimentFeedback:
    counts = Counter(user for users in variants.values() for user in users)
    mixed = {user for user, n_variants in counts.items() if n_variants > 1}
    of_variants = {
        variant: [responses for user, responses in users.items() if user not in mixed]
        for variant, users in variants.items()
    }
    sums = {
        variant: ResponseSums.of_users(
            np.array([user.lists for user in users]), np.array([user.responses for user in users])
        )
        for variant, users in of_variants.items()
    }
    names = list(of_variants) if config is not None else _reference_first(dict.fromkeys(sums, 0.0))
    reference, *others = names
    level = 1 - (1 - LEVEL) / max(len(others), 1)
    shares = {} if config is None else config.shares
    return ExperimentFeedback(
        experiment=name,
        running=config is not None,
        level=LEVEL,
        variants=[
            _variant_feedback(variant, of_variants[variant], sums[variant], shares.get(variant))
            for variant in names
        ],
        comparisons=[
            _comparison((variant, sums[variant]), (reference, sums[reference]), level, language)
            for variant in others
        ],
        mixed_users=len(mixed),
    )


def _variant_feedback(
    variant: str, users: list[_UserResponses], sums: ResponseSums, share: float | None
) -> VariantFeedback:
    rate = rate_bounds(sums)
    events: Counter[str] = sum((user.events for user in users), Counter())
    snapshots: Counter[str] = sum((user.snapshots for user in users), Counter())
    return VariantFeedback(
        variant=variant,
        share=share,
        users=len(users),
        lists=int(sums.lists),
        items=sum(user.items for user in users),
        responses=int(sums.responses),
        events=dict(sorted(events.items())),
        rate=_number(rate.value),
        low=float(rate.low),
        high=float(rate.high),
        snapshots=dict(sorted(snapshots.items())),
    )


def _comparison(
    variant: tuple[str, ResponseSums],
    reference: tuple[str, ResponseSums],
    level: float,
    language: Language,
) -> VariantComparison:
    (name, sums), (other, other_sums) = variant, reference
    difference = difference_bounds(sums, other_sums, level)
    more = lists_needed(sums, other_sums, level)
    few_users = min(int(sums.users), int(other_sums.users)) < MIN_USERS
    verdict: Verdict = "undecided"
    if few_users:
        key = "experiment.few_users"
    elif difference.low > 0:
        verdict, key = "better", "experiment.better"
    elif difference.high < 0:
        verdict, key = "worse", "experiment.worse"
    else:
        key = "experiment.no_difference" if more is None else "experiment.undecided"
    rounded = None if more is None or few_users else _two_digits(more)
    message = Message(key, variant=name, reference=other, lists=rounded, users=MIN_USERS)
    return VariantComparison(
        variant=name,
        reference=other,
        difference=_number(difference.value),
        low=float(difference.low),
        high=float(difference.high),
        verdict=verdict,
        more_lists=rounded,
        text=message.text(language),
    )


def _number(value: np.ndarray) -> float | None:
    return None if np.isnan(value) else float(value)


def _two_digits(number: float) -> int:
    """Rounded to two digits that count: a prediction is no more exact."""
    return int(float(f"{number:.2g}"))
