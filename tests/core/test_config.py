"""The configuration: strict keys, names of earlier versions, and the texts generated from it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tastegraph.core.config import Config, load_config
from tastegraph.core.config.documentation import commented_toml, markdown
from tastegraph.core.config.keys import RENAMED_KEYS, section_of
from tastegraph.core.errors import ConfigError
from tastegraph.workspace import Workspace

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
SETTINGS = {
    "name": "shop",
    "events": {"weights": {"dwell": 0.4, "view": 0.0}, "words": {"dwell": {"en": "you read"}}},
    "items": {"facts": {"genre": {"relation": "genre", "separator": "|"}}},
    "relations": {"directed by": {"phrase": "director"}, "a.b": {"use": False}},
    "llm": {"model": "m", "prices": {"prompt": 1.0, "completion": 2.5}},
    "graph": {"label_languages": ["zh", "en"]},
    "model": {"epochs": 3},
}


def read(folder: Path, text: str) -> Config:
    file = folder / "tastegraph.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[loop]\nevry = 5\n", r"loop\.evry: there is no such key; did you mean loop\.every\?"),
        ("[modle]\nepochs = 5\n", r"modle: there is no such key; did you mean model\?"),
        (
            "[model]\nexplore = 0.1\n",
            r"model\.explore: .*; did you mean serving\.explore or surfaces\.NAME\.explo",
        ),
        ("[relations.x]\nphrse = 'y'\n", r"did you mean relations\.x\.phrase\?"),
        ("[llm.prices]\nprompt = 1\ncompletion = 1\ncurency = 'EUR'\n", r"llm\.prices\.currency\?"),
        ("[serving]\nzzz = 1\n", r"serving\.zzz: there is no such key; there are explore, new_it"),
        ("[serving]\nexclude = {zz = true}\n", r"toml: serving\.exclude: there is no event type"),
        (
            "[relations.x]\nexamples = ['Fargo stars Frances McDormand']\n",
            r'relations\.x: examples: .* "Fargo stars \[Frances McDormand\]"',
        ),
        (
            "[experiments.new]\nvariants.a.share = 0.7\nvariants.b.share = 0.4\n",
            r"toml: experiments\.new\.variants: the shares add up to 1\.1, at most 1",
        ),
        (
            "[experiments.new.variants.a]\nshare = 0.5\nsnapshot = 'newest'\n",
            r"experiments\.new\.variants\.a\.snapshot: .* match pattern '\^\(current",
        ),
        (
            "[experiments.new.variants.control]\nshare = 0.5\n",
            r"experiments\.new\.variants: the name 'control' is for the users whom no variant",
        ),
        (
            "[experiments.new.variants.a]\nshare = 1\n",
            r"experiments\.new: one variant has all users",
        ),
        ("[experiments.new.variants]\n", r"experiments\.new\.variants: .* at least 1 item"),
        (
            "[experiments.new.variants.a]\nshare = 0.5\nexplor = 0.1\n",
            r"experiments\.new\.variants\.a\.explor: .*did you mean .*variants\.a\.explore\?",
        ),
        (
            "[experiments.new.variants.a]\nshare = 0.5\nsurface = 'hom'\n[surfaces.home]\n",
            r"toml: experiments\.new\.variants\.a\.surface: there is no surface 'hom'; .* home",
        ),
        (
            "[surfaces.home]\n[experiments.new]\nsurfaces = ['home']\nvariants.a.share = 0.5\n"
            "[experiments.other]\nvariants.a.share = 0.5\n",
            r"experiments\.other: 'new' has the same lists; a list takes part in one experiment",
        ),
        (
            "[events]\nweights = {impression = 1}\n",
            r"toml: events\.weights: 'impression' can",
        ),
    ],
)
def test_a_wrong_setting_is_named_and_an_unknown_key_with_the_nearest(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def test_keys_of_earlier_versions_are_read_with_a_notice(tmp_path, capsys):
    old = read(
        tmp_path, '[teaching]\nlessons = ["alignment"]\n[loop]\nwitnesses = 0.2\nsupport = 5\n'
    )
    assert old.finetuning.objectives == ("alignment",)
    assert (old.loop.holdout_users, old.loop.min_co_likes) == (0.2, 5)
    notices = capsys.readouterr().err.splitlines()
    assert len(notices) == 4
    assert notices[0].endswith("teaching is now named finetuning; the earlier name is still read")


def test_the_configuration_of_an_older_snapshot_is_read():
    config = Config.model_validate({"teaching": {"lessons": ["pretraining"]}})
    assert config.finetuning.objectives == ("pretraining",)


def test_a_key_under_both_names_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"\.toml: loop\.support is the earlier name of loop\.m"):
        read(tmp_path, "[loop]\nsupport = 5\nmin_co_likes = 6\n")


def test_every_renamed_key_leads_to_a_key_that_exists():
    for new in RENAMED_KEYS.values():
        section = Config
        for name in new.split("."):
            field = section.model_fields[name]
            section = section_of(field.annotation)[0] or section


def described(section=Config):
    for name, field in section.model_fields.items():
        nested, _ = section_of(field.annotation)
        if nested is None:
            yield f"{section.__name__}.{name}", field.description
        else:
            assert nested.__doc__
            yield from described(nested)


def test_every_key_has_a_description():
    assert [name for name, text in described() if not text] == []


@pytest.mark.parametrize("settings", [{}, {"name": "shop"}, SETTINGS])
def test_the_commented_file_holds_the_settings_and_names_every_key(settings):
    text = commented_toml(settings)
    assert tomllib.loads(text) == settings
    for name, _ in described():
        assert f"{name.split('.')[1]} =" in text


def test_every_commented_default_can_be_uncommented():
    lines = commented_toml({}).splitlines()
    keys = [
        line.removeprefix("#")
        for line in lines
        if re.match("#( {4}|[^ ])", line) and not line.endswith("=")
    ]
    settings = tomllib.loads("\n".join(keys))
    del settings["events"]["words"], settings["items"], settings["relations"]
    del settings["llm"]["prices"], settings["surfaces"], settings["experiments"]
    assert Config.model_validate(settings) == Config(name=settings["name"])


def test_the_example_of_experiments_in_the_documentation_is_valid():
    text = DOCS.with_name("experiments.md").read_text(encoding="utf-8")
    lines = text[text.index("    [experiments") : text.index("The users that no variant")]
    settings = tomllib.loads("\n".join(line.strip() for line in lines.splitlines()))
    config = Config.model_validate({**settings, "surfaces": {"home": {}, "bold": {}}})
    spring = config.experiments["spring"]
    assert spring.shares == {"newer": 0.2, "bolder": 0.2, "control": pytest.approx(0.6)}
    assert spring.variants["newer"].snapshot == "000012"
    assert (spring.variants["bolder"].surface, spring.variants["bolder"].explore) == ("bold", 0.1)


def test_a_new_workspace_is_configured_by_a_commented_file(tmp_path):
    shop = Workspace.init(tmp_path / "shop", SETTINGS)
    assert shop.config == Config.model_validate(SETTINGS)
    assert "#half_life = 90.0" in (tmp_path / "shop" / "tastegraph.toml").read_text("utf-8")
    with pytest.raises(ConfigError, match=r"settings: model\.epoch: .*did you mean model\.epochs"):
        Workspace.init(tmp_path / "other", {"model": {"epoch": 3}})
    assert not (tmp_path / "other").exists()


def test_the_documentation_is_generated_from_the_classes():
    assert DOCS.read_text(encoding="utf-8") == markdown(), (
        "run python -m tastegraph.core.config.documentation > docs/configuration.md"
    )
