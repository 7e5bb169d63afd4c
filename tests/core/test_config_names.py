"""Old names of configuration keys are read, with a notice."""

import pytest

from tastegraph.core.config import Config, load_config
from tastegraph.core.errors import ConfigError

OLD = """
[teaching]
lessons = ["alignment"]
steps = 7

[loop]
teach = true
"""
NEW = OLD.replace("teaching", "finetuning").replace("lessons", "objectives")
NEW = NEW.replace("teach =", "finetune =")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "tastegraph.toml"


def test_old_names_are_read_with_a_notice(file, capsys):
    file.write_text(OLD, encoding="utf-8")
    config = load_config(file)
    assert config.finetuning.objectives == ("alignment",)
    assert config.finetuning.steps == 7
    assert config.loop.finetune
    notices = " ".join(capsys.readouterr().err.split())
    for name in ("[finetuning]", "objectives", "finetune"):
        assert f"is now called {name}" in notices
    file.write_text(NEW, encoding="utf-8")
    assert load_config(file) == config
    assert not capsys.readouterr().err


def test_the_configuration_of_an_older_snapshot_is_read():
    config = Config.model_validate({"teaching": {"lessons": ["pretraining"]}})
    assert config.finetuning.objectives == ("pretraining",)


def test_an_old_name_beside_the_new_one_is_an_unknown_key(file):
    file.write_text(OLD + NEW.partition("[loop]")[0], encoding="utf-8")
    with pytest.raises(ConfigError, match="teaching"):
        load_config(file)
