"""An answer made in one language and shown in another: names in the cells of its tables follow the one who reads."""

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import Any

import pytest

from taotie.answer.answer import Answer, Name
from taotie.answer.fleet import fleet
from taotie.answer.generate import generate
from taotie.answer.prompt import prompt
from taotie.words.language import speaking

HAN = re.compile(r"[\u4e00-\u9fff]")


def drivers(answer: Answer) -> list[Any]:
    table = answer.tables["drivers"]
    at = next(i for i, row in enumerate(table.rows[0]) if isinstance(row, Name))
    return [table.columns[at].shown(row[at]) for row in table.rows]


@pytest.mark.parametrize("ask", [prompt, generate, fleet])
def test_worked_drivers_are_named_in_the_language_of_the_reader(ask: Any) -> None:
    with speaking("en"):
        english = ask(samples=300)
        names = drivers(english)
    with speaking("zh"):
        assert all(HAN.search(name) for name in drivers(english)), drivers(english)
        chinese = ask(samples=300)
        assert drivers(english) == drivers(chinese)
    with speaking("en"):
        assert drivers(chinese) == names
        assert not any(HAN.search(name) for name in names)
    assert json.loads(english.to_json())["tables"]["drivers"]["rows"]


def test_worked_a_name_is_a_text_and_can_be_copied() -> None:
    name = Name("host", {"en": "host", "zh": "主机"})
    assert name == "host"
    for other in (copy.deepcopy(name), pickle.loads(pickle.dumps(name))):
        with speaking("zh"):
            assert other.shown == "主机"
