"""The configuration of a workspace: one typed file, ``tastegraph.toml``, read strictly.

An unknown key is an error that names the nearest known one. Names of earlier versions are read
with a notice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from tastegraph.core.config.data import (
    ColumnConfig,
    EventFileConfig,
    EventPhrases,
    EventsConfig,
    FileConfig,
    GraphConfig,
    ImportConfig,
    ItemsConfig,
    RelationConfig,
    Section,
    SourcesConfig,
)
from tastegraph.core.config.experiments import (
    ExperimentConfig,
    Name,
    VariantConfig,
    check_experiments,
)
from tastegraph.core.config.keys import describe_error, rename_keys
from tastegraph.core.config.models import (
    Convolution,
    EvaluationConfig,
    ExtractionConfig,
    FinetuningConfig,
    LLMConfig,
    LLMPrices,
    ModelConfig,
    Objective,
    Reading,
    TextConfig,
)
from tastegraph.core.config.operation import GorseConfig, LoopConfig, ServingConfig
from tastegraph.core.config.surfaces import Boost, Pin, SurfaceConfig
from tastegraph.core.errors import ConfigError
from tastegraph.core.progress import say

__all__ = [
    "CONFIG_FILE", "Boost", "ColumnConfig", "Config", "Convolution", "EvaluationConfig",
    "EventFileConfig", "EventPhrases", "EventsConfig", "ExperimentConfig", "ExtractionConfig",
    "FileConfig", "FinetuningConfig", "GorseConfig", "GraphConfig", "ImportConfig", "ItemsConfig",
    "LLMConfig", "LLMPrices", "LoopConfig", "ModelConfig", "Objective", "Pin", "Reading",
    "RelationConfig", "ServingConfig", "SourcesConfig", "SurfaceConfig", "TextConfig",
    "VariantConfig", "checked_config", "load_config",
]  # fmt: skip

CONFIG_FILE = "tastegraph.toml"
"""Name of the file in a workspace."""


class Config(Section):
    """All settings of a workspace."""

    name: str = "workspace"
    """Name of the workspace; by default that of its directory."""
    imports: ImportConfig = ImportConfig()
    events: EventsConfig = EventsConfig()
    items: ItemsConfig = ItemsConfig()
    graph: GraphConfig = GraphConfig()
    sources: SourcesConfig = SourcesConfig()
    relations: dict[str, RelationConfig] = Field(default_factory=dict)
    text: TextConfig = TextConfig()
    finetuning: FinetuningConfig = FinetuningConfig()
    extraction: ExtractionConfig = ExtractionConfig()
    llm: LLMConfig = LLMConfig()
    model: ModelConfig = ModelConfig()
    serving: ServingConfig = ServingConfig()
    surfaces: dict[str, SurfaceConfig] = Field(default_factory=dict)
    experiments: dict[Name, ExperimentConfig] = Field(default_factory=dict)
    loop: LoopConfig = LoopConfig()
    gorse: GorseConfig = GorseConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="before")
    @classmethod
    def _with_new_names(cls, settings: object) -> object:
        return rename_keys(settings)[0] if isinstance(settings, dict) else settings

    @model_validator(mode="after")
    def _known_surfaces(self) -> Config:
        check_experiments(self.experiments, self.surfaces)
        return self

    @model_validator(mode="after")
    def _known_types(self) -> Config:
        for place, names in {
            "serving.exclude": self.serving.exclude, "gorse.types": self.gorse.types.values()
        }.items():  # fmt: skip
            for name in names:
                if name in self.events.weights:
                    continue
                raise ValueError(
                    f"{place}: there is no event type {name!r}; there are "
                    f"{', '.join(self.events.weights)}, and what [events.weights] adds"
                )
        return self


def load_config(path: Path) -> Config:
    """Read the configuration of ``path``; keys of earlier versions are read with a notice.

    Raises:
        ConfigError: the file is missing, is not TOML, or contains an unknown key or a bad value.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(f"{path} does not exist: run 'tastegraph init {path.parent}'") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    config = checked_config(settings, str(path))
    for notice in rename_keys(settings)[1]:
        say(f"{path}: {notice}")
    return config


def checked_config(settings: Mapping[str, Any], place: str) -> Config:
    """Check settings and return their configuration.

    Args:
        settings: values by section and key, as in the file.
        place: where they are from, for errors.

    Raises:
        ConfigError: there is an unknown key or a bad value.
    """
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        problems = "; ".join(describe_error(Config, fault) for fault in error.errors())
        raise ConfigError(f"{place}: {problems}") from None
