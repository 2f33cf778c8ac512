"""What may be asked, as JSON Schema? The settings of a question for REST, assistants, forms and editors."""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import plain
from taotie.answer.asks import ASKS, declared_of
from taotie.study.setting import Setting
from taotie.words.language import in_language, language

__all__ = ["asks_known", "longest", "schema_of"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EACH = {"texts": "text", "numbers": "number", "wholes": "whole", "files": "file"}


def schema_of(name: str, code: str = "", network: bool = False) -> dict[str, Any]:
    """JSON Schema of the settings of a question.

    Parameters
    ----------
    name : str
        Such as prompt, capacity or meter report.
    code : str
        "en" or "zh": the language of titles and descriptions; by default the one in force.
    network : bool
        Leave out what names a file or a machine of this computer.

    Returns
    -------
    dict
        An object schema. A number may also be a text with a unit; `x-unit` is that of a bare one. `x-local` marks what
        a network door must refuse, `x-may-be-file` what a network may only give by name, `x-option` the spellings of
        the command line, `x-reason` and `x-source` why the default is what it is.

    Raises
    ------
    UnknownNameError
        If there is no such question.

    Examples
    --------
    >>> made = schema_of("rules", "en")
    >>> made["properties"]["mw"]["x-unit"], made["required"]
    ('MW', ['mw', 'place'])
    """
    declared = declared_of(name)
    code = code or language()
    taken = {
        key: one for key, one in declared.settings.items() if not (network and one.of_this_computer)
    }
    return {
        "$schema": DIALECT,
        "$id": f"taotie-{declared.flat.replace('_', '-')}-1",
        "title": declared.name,
        "description": in_language(declared.help, code),
        "type": "object",
        "properties": {key: _property(one, code) for key, one in taken.items()},
        "required": [key for key, one in taken.items() if one.required],
        "additionalProperties": False,
        "x-command": "taotie " + " ".join(declared.words),
        "x-long": declared.long,
        "x-local": declared.local,
    }


def asks_known(network: bool = False) -> tuple[str, ...]:
    """Names of the questions; with `network` only those another machine may ask."""
    return tuple(
        name
        for name, one in ASKS.items()
        if not network
        or not (one.local or any(s.required and s.of_this_computer for s in one.settings.values()))
    )


def _property(one: Setting, code: str) -> dict[str, Any]:
    found: dict[str, Any] = {"description": in_language(one.help, code)}
    if one.several:
        each = _value(one.but(type=_EACH[one.type]))
        ways = [each, {"type": "array", "items": each}]
        found |= {"anyOf": [*ways, {"type": "object"}] if one.mapping else ways}
    else:
        found |= _value(one)
    if one.default is not None:
        found["default"] = plain(one.default)
    if one.unit and one.unit != "1":
        found["x-unit"] = one.unit
    if one.reason:
        found["x-reason"] = in_language(one.reason, code)
    if one.source:
        found["x-source"] = one.source
    if one.of_this_computer:
        found["x-local"] = True
    if one.may_be_file:
        found["x-may-be-file"] = True
    found["x-option"] = list(one.spelled)
    return found


def _value(one: Setting) -> dict[str, Any]:
    if one.type == "flag":
        return {"type": "boolean"}
    if one.type in ("number", "whole"):
        bare: dict[str, Any] = {"type": "number" if one.type == "number" else "integer"}
        if one.low is not None:
            bare["minimum"] = one.low
        if one.high is not None:
            bare["maximum"] = one.high
        return {"anyOf": [bare, {"type": "string", "maxLength": longest(one)}]}
    if one.choices:
        # an empty text is the way to say nothing in a form
        return {"type": "string", "enum": [*one.choices, *([""] if one.default == "" else [])]}
    if one.type == "text":  # a bus by number, a load in MW
        return {"type": ["string", "number"], "maxLength": longest(one)}
    return {"type": "string", "maxLength": longest(one)}


def longest(one: Setting) -> int:
    """Letters that a text given for a setting may have; of several each."""
    kind = _EACH.get(one.type, one.type)
    if kind in ("number", "whole"):
        return 100
    return 100_000 if kind == "text" and not one.choices else 4_096
