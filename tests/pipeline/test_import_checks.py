"""After an import: texts that the language model cannot read are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Item
from tastegraph.workspace import Workspace

CHINESE = [Item(f"zh{k}", "流浪地球", "太阳即将毁灭，人类带着地球去寻找新家园。") for k in range(3)]
ENGLISH = [Item(f"en{k}", "Alien", "A crew meets 异形 in space.") for k in range(7)]


@pytest.mark.parametrize(
    ("items", "settings", "count"),
    [
        (CHINESE + ENGLISH, {}, 3),
        (ENGLISH, {}, None),
        (CHINESE, {"text": {"encoder": "multilingual-e5-small"}}, None),
    ],
)
def test_texts_in_a_script_that_the_encoder_does_not_read_are_reported(
    tmp_path: Path, items, settings, count
):
    report = ImportReport()
    Workspace.init(tmp_path / "shop", settings).ingest(items=items, report=report)
    findings = [finding for finding in report.findings if "Chinese" in finding.text]
    assert [finding.count for finding in findings] == ([] if count is None else [count])
    if findings:
        assert "流浪地球" in findings[0].example
        assert "multilingual-e5-small" in findings[0].remedy
