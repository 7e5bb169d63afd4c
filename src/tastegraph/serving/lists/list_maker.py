"""Makes the lists of requests: by the wishes of a user, and by the policy of the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from tastegraph.core.config import Config, VariantConfig
from tastegraph.core.languages import Language
from tastegraph.core.random_numbers import random_seed
from tastegraph.serving.answers import Recommendations
from tastegraph.serving.lists.assignment import AS_CONFIGURED
from tastegraph.serving.lists.candidates import left_out
from tastegraph.serving.lists.listing import ListRequest, UserState, make_list
from tastegraph.serving.lists.request_view import RequestView
from tastegraph.serving.policies.policy import NO_OPTIONS, ListPolicy, PolicyOptions, surface_of
from tastegraph.serving.policies.reader import PolicyReader
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.steering import Steer, Steerer, merged
from tastegraph.store.database import Database
from tastegraph.store.served_lists import ListPlace, ServedList

DEFAULT_N = 10
"""Items of a list, if neither the request nor its surface says how many."""


@dataclass(frozen=True)
class ListOptions:
    """Options of a list.

    Attributes:
        exclude_seen: whether items that the user has seen, by ``[serving.exclude]``, are left out.
        explore: share in [0, 1] of the places that explore; ``None`` for the configured one.
        seed: of the exploration; ``None`` for a random one.
        steer: a wish in words, or chips.
        store_wishes: whether wishes that outlast the list are stored for the user.
        policy: filter, limits, boosts, pins, diversity, surface.
        session_id: of a session without a user; experiments go by it.
        candidates: ids of the items that the list is made of; ``None`` for all.
    """

    exclude_seen: bool = True
    explore: float | None = None
    seed: int | None = None
    steer: Steer | None = None
    store_wishes: bool = True
    policy: PolicyOptions = field(default=NO_OPTIONS)
    session_id: str | None = None
    candidates: Sequence[str] | None = None


NO_LIST_OPTIONS = ListOptions()


class ListMaker:
    """Makes lists; thread-safe.

    Args:
        database: has standing wishes, and the attributes of items.
        config: of the workspace.
    """

    def __init__(self, database: Database, config: Config) -> None:
        self.steerer, self.policies = Steerer(database, config), PolicyReader(database, config)
        self._config = config

    def request(
        self, n: int | None, options: ListOptions, variant: VariantConfig = AS_CONFIGURED
    ) -> ListRequest:
        """The parameters of a list, with what is configured where ``options`` say nothing.

        Args:
            n: number of items.
            options: what the request says.
            variant: of an experiment; its surface holds in place of that of the request.

        Raises:
            NotFoundError: there is no such surface.
        """
        serving, surfaces = self._config.serving, self._config.surfaces
        name = variant.surface or options.policy.surface
        surface = surface_of(name, surfaces)
        defaults = (variant.explore, surface.explore, serving.explore)
        explore = next(share for share in defaults if share is not None)
        policy = ListPolicy.of(replace(options.policy, surface=name), surfaces)
        return ListRequest(
            n=n or surface.n or DEFAULT_N,
            exclude_seen=options.exclude_seen,
            explore=explore if options.explore is None else options.explore,
            seed=random_seed() if options.seed is None else options.seed,
            repeats=serving.repeats,
            new_items=serving.new_items if surface.new_items is None else surface.new_items,
            policy=policy.model_dump(mode="json", exclude_defaults=True),
            candidates=options.candidates,
        )

    def make(
        self,
        view: RequestView,
        request: ListRequest,
        steer: Steer | None,
        now: float,
        reasons: int,
        language: Language,
    ) -> tuple[Recommendations, ListRequest]:
        """A list by standing wishes and those of a request, and the request with their chips.

        Raises:
            FilterError: a filter of its policy is none, or does not fit the catalogue.
        """
        steering = self.steerer.read(view.snapshot, steer, language)
        chips = merged(view.wishes, steering)
        rows = [chip.as_json() for chip in chips]
        request = replace(request, wishes=rows)
        answer = self.remake(view.snapshot, view.user(), request, now, reasons, language)
        assignment = view.assignment
        update: dict[str, object] = {}
        if assignment.experiment is not None:
            update |= {"experiment": assignment.experiment, "variant": assignment.variant}
        if steer is not None:
            update["steer"] = steering
        if request.candidates is not None:
            update["left_out"] = left_out(answer, request, view, now)
        return answer.model_copy(update=update) if update else answer, request

    def remake(
        self,
        snapshot: ServingSnapshot,
        user: UserState,
        request: ListRequest,
        now: float,
        reasons: int,
        language: Language,
    ) -> Recommendations:
        """The list of a request that has its chips.

        Raises:
            FilterError: as :meth:`make`.
        """
        effects = self.steerer.replayed(snapshot, request.wishes, user.scored.history)
        policy = ListPolicy.model_validate(request.policy)
        rules = self.policies.rules(snapshot, policy, now, language)
        return make_list(
            snapshot, user, request, now, reasons, language, wishes=effects, rules=rules
        )


def served_list(
    answer: Recommendations, view: RequestView, request: ListRequest, now: float
) -> ServedList:
    """A list as it is stored."""
    session = None
    if view.user_id is None:
        session = [asdict(event) for event in view.events]
    return ServedList(
        recommendation_id=answer.recommendation_id,
        user_id=view.user_id,
        created=now,
        snapshot=view.snapshot.version,
        model=answer.model,
        graph=answer.graph,
        event_revision=view.revision,
        request={**asdict(request), "session": session},
        places=[ListPlace(i.item_id, i.score, i.propensity, i.best) for i in answer.items],
        experiment=answer.experiment,
        variant=answer.variant,
    )
