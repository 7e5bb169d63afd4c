import pytest

from tastegraph.core.languages import negotiate


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh;q=0.5", "zh"),
        ("fr", "en"),
        ("zh;q=0,en;q=0.1", "en"),
        ("zh;q=broken", "en"),
        (" ZH-hans ; q=1 ", "zh"),
    ],
)
def test_the_language_that_a_header_prefers_is_used(header, language):
    assert negotiate(header) == language


def test_the_default_is_used_if_the_header_names_no_known_language():
    assert negotiate("de", "zh") == "zh"
