"""Lists and ranges as Chinese writes them, and a check of the messages that finds what is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from taotie.errors import nearest
from taotie.quantity.figure import leaf
from taotie.quantity.wording import text
from taotie.words.language import speaking

TOOL = Path(__file__).parents[2] / "tools" / "messages.py"


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    pytest.importorskip(
        "babel", reason="checks of the messages need babel, which `make run` installs"
    )
    spec = importlib.util.spec_from_file_location("messages_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_worked_lists_in_the_language_in_force() -> None:
    figure = leaf("x", value=1.0, unit="W", boundary="server", kind="measured", note="a meter")
    for code, between in (("en", ", "), ("zh", "、")):
        with speaking(code):
            assert f"b1{between}b2" in nearest("zzzz", ["b1", "b2"])
            assert between in text(figure)
            assert {"en": "、", "zh": ", "}[code] not in text(figure)


@pytest.mark.parametrize(
    ("chinese", "found"),
    [
        ("数值,或文本", True),
        ("数值, 或文本", True),
        ("来源:", True),
        ("密钥(仅一次)", True),
        ("数值，或文本（仅一次）：a, b", False),
        ("--near 纬度,经度", False),
        ("f(x)", False),
    ],
)
def test_worked_half_width_punctuation_is_found(
    messages: ModuleType, chinese: str, found: bool
) -> None:
    assert bool(messages.HALF_WIDTH.search(messages.SYNTAX.sub("", chinese))) == found


@pytest.mark.parametrize(
    ("chinese", "found"), [("4-5 %的网损", True), ("{a}-{b} %", True), ("4 至 5 %", False), ("2024-01", False)]
)  # fmt: skip
def test_worked_a_dash_for_a_range_is_found(
    messages: ModuleType, chinese: str, found: bool
) -> None:
    assert bool(messages.DASH.search(chinese)) == found
