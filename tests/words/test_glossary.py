"""Are messages held to the glossary?"""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module")
def messages():
    """The tool that checks the messages."""
    sys.path.insert(0, str(TOOLS))
    try:
        import messages
    finally:
        sys.path.remove(str(TOOLS))
    return messages


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("nine of ten samples", "十分之九的数值"),
        ("90 % of the draws lie in it", "90 % 的样本在其中"),
        ("a simulated day", "仿真的一天"),
        ("an overloaded pair", "受损的一对"),
        ("a fleet of 0 replicas serves nobody.", "机群至少要有一个副本。"),
    ],
)
def test_error_of_another_word(messages, english, chinese) -> None:
    assert messages.off_the_glossary(english, chinese, messages.glossary())


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("nine of ten samples", "十分之九的样本"),
        ("a simulated day", "模拟的一天"),
        ("the fleet draws 3 MW", "机群功率为 3 MW"),
        ("accelerators = 8", "accelerators = 8"),
    ],
)
def test_worked_the_words_agreed(messages, english, chinese) -> None:
    assert messages.off_the_glossary(english, chinese, messages.glossary()) == []
