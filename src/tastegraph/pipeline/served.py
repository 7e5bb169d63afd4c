"""The language model as the service reads it: exported once, and no reason for a build to fail."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import say
from tastegraph.text.onnx import read_export

NEEDED = ("onnx", "onnxruntime", "tokenizers", "torch")


def export_for_serving(folder: Path) -> None:
    """Export a model where it is not exported yet and the packages are there that it takes.

    Args:
        folder: of the model; the export lies below it.
    """
    if any(find_spec(package) is None for package in NEEDED):
        return
    try:
        read_export(folder)
    except TastegraphError:
        from tastegraph.text.onnx_export import export_onnx

        try:
            export_onnx(folder)
        except Exception as error:  # An exporter fails in as many ways as there are models.
            say(
                f"warning: {folder} cannot be exported to ONNX ({error}): the service "
                "recommends, but associates no texts"
            )
