"""Route to experiments: how often the lists of each variant got a response, and who is better."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tastegraph.core.durations import DAY
from tastegraph.evaluation.experiments import ExperimentFeedback, experiments_from_store
from tastegraph.serving.api.access import READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine

Days = Annotated[float | None, Query(ge=0, le=100_000, description="lists of the last days alone")]
Kind = Annotated[
    str | None,
    Query(
        examples=["purchase"],
        max_length=64,
        alias="type",
        description="type of the events that alone are a response, such as purchase; by default "
        "all that count for their item",
    ),
]


class ExperimentFeedbacks(BaseModel):
    """What came of each experiment: those configured first, then earlier ones."""

    experiments: list[ExperimentFeedback]


def experiment_routes(engine: Engine) -> APIRouter:
    """The API to the experiments of one engine."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("/experiments", openapi_extra=READ)
    def experiments(
        language: AnswerLanguage, days: Days = None, kind: Kind = None
    ) -> ExperimentFeedbacks:
        """Return how often lists of each variant got a response, and which variant is better."""
        since = 0.0 if days is None else time.time() - days * DAY
        config, database = engine.config, engine.database
        return ExperimentFeedbacks(
            experiments=experiments_from_store(database, config, since, kind, language)
        )

    return router
