"""The architecture: layers, no imports upward, no circles, and docs that say what is there."""

import subprocess
import sys
from statistics import median

from tests.support import architecture


def test_every_package_has_a_layer():
    assert set(architecture.packages()) == {n for names in architecture.LAYERS for n in names}


def test_imports_point_down():
    assert not architecture.upward()


def test_no_circles():
    assert not architecture.circles()


def test_the_document_shows_the_layers_of_the_code():
    document = architecture.DOCUMENT.read_text(encoding="utf-8")
    block = f"{architecture.BEGIN}\n{architecture.table()}\n{architecture.END}"
    assert block in document, "run python -m tests.support.architecture --write"


def test_no_file_is_a_chest():
    """At most 450 lines, and half of the files above 130: a file is one idea."""
    lengths = architecture.lengths()
    assert not {file: n for file, n in lengths.items() if n > 450}
    assert median(n for file, n in lengths.items() if file.name != "__init__.py") > 130


def test_neither_the_package_nor_serving_imports_torch():
    code = (
        "import sys, tastegraph.workspace, tastegraph.serving.api.app, tastegraph.cli.main;"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_the_pipeline_imports_fine_tuning():
    allowed = (architecture.SOURCE / "pipeline", architecture.SOURCE / "text" / "finetune")
    importing = [
        file
        for file in architecture.sources()
        if not any(file.is_relative_to(folder) for folder in allowed)
        and any("text.finetune" in name for _, name in architecture.imports(file))
    ]
    assert not importing


def test_text_without_fine_tuning_and_export_imports_no_torch():
    code = (
        "import sys, tastegraph.text.encoder, tastegraph.text.onnx, tastegraph.text.descriptions,"
        " tastegraph.text.texts, tastegraph.text.words, tastegraph.text.relations;"
        "assert not {'torch', 'transformers', 'sentence_transformers', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
