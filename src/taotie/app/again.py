"""Which command asks the same again? For pages of every kind, without the folders of this computer."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from taotie.answer.asks import Declared

__all__ = ["command_of"]


def command_of(declared: Declared, settings: dict[str, Any], door: dict[str, Any]) -> str:
    """The command that asks the same again, for a page: without the folders of this computer."""
    first = next((s for s in declared.settings.values() if s.first), None)
    words = ["taotie", *declared.words]
    for one in sorted(declared.settings.values(), key=lambda s: s is not first):
        if one.name not in settings:
            continue
        value = settings[one.name]
        if one.type == "flag":
            names = one.spelled[0].split("/")
            words.append(names[0] if value or len(names) == 1 else names[1])
            continue
        for each in value if one.several and not isinstance(value, str) else [value]:
            text = str(each)
            if one.of_this_computer or one.may_be_file:
                text = Path(text).name or text
            words += [text] if one is first else [one.spelled[0], text]
    if door.get("report") is not None:
        words += ["--report", Path(door["report"]).name]
    return shlex.join(words)
