"""How do the bytes of a request become the settings of a question? Strictly, and never with a path of this computer.

What names a file on the command line takes an upload here: ``"upload:HASH/log.csv"`` as `POST /api/v1/uploads`
answered, or the text itself, ``{"name": "study.toml", "text": "..."}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from taotie.answer.asking import checked, not_from_here
from taotie.answer.asks import Declared, Setting, declared_of
from taotie.answer.schema import asks_known, longest, schema_of
from taotie.app.api.limits import Limits
from taotie.app.api.problems import Problem
from taotie.app.api.uploads import safe_name
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["Asked", "asked", "asks_by_name", "body_schema", "json_of"]

NAME, FILE_NAME = 2000, 200
"""Letters of a name that stands for what may be a file elsewhere, and of the name of a file that is sent."""
UPLOAD = r"^upload:[0-9a-f]{64}/[A-Za-z0-9_-]{1,60}\.[a-z]{1,8}$"


@dataclass(frozen=True)
class Asked:
    """A question as a network asked it: its settings, the texts and uploads that stand in for files."""

    name: str
    settings: dict[str, Any]
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """By name in the task's folder: the hash of the upload and that name."""
    texts: dict[str, str] = field(default_factory=dict)
    """Texts sent in place of a file, by name; the service keeps them as uploads."""


def asks_by_name() -> dict[str, Declared]:
    """The questions a network may ask, by the name their address has."""
    return {declared_of(n).flat: declared_of(n) for n in asks_known() if not declared_of(n).local}


def json_of(body: bytes) -> dict[str, Any]:
    """The one JSON object a body holds.

    Raises
    ------
    Problem
        If it is anything else: no UTF-8, not JSON, a key given twice, a number that is none.

    Examples
    --------
    >>> json_of(b'{"tokens_in": 300}')
    {'tokens_in': 300}
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [k for k, _v in pairs]
            twice = next(k for k in keys if keys.count(k) > 1)
            raise Problem(400, _("{name} is given twice.").format(name=repr(twice[:80])))
        return found

    def no_number(text: str) -> Any:
        raise Problem(400, _("{text} is not a number of JSON.").format(text=text))

    try:
        made = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=no_number)
        json.dumps(made, ensure_ascii=False).encode()  # half a character of two is none
    except Problem:
        raise
    except (ValueError, RecursionError) as error:
        place = ""
        if isinstance(error, json.JSONDecodeError):
            place = _(" (line {line}, column {column})").format(
                line=error.lineno, column=error.colno
            )
        raise Problem(
            400, _("the body is not JSON{place}.").format(place=place), '{"tokens_in": 300}'
        ) from None
    if not isinstance(made, dict):
        raise Problem(400, _("the body is not a JSON object."), '{"tokens_in": 300}')
    return made


def asked(name: str, given: Mapping[str, Any], limits: Limits) -> Asked:
    """The settings a request gives, checked as far as they can be before anything runs.

    Raises
    ------
    TaotieError
        In the words every door has.
    Problem
        For an upload of a kind that nobody reads.
    """
    declared = declared_of(name)
    settings: dict[str, Any] = {}
    files: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    plain: dict[str, Any] = {}
    for key, value in given.items():
        one = declared.settings.get(key)
        if one is None or one.local or declared.local:
            plain[key] = value  # the ask's own words say that it is not known, or not from here
            continue
        if _takes_file(one):
            every = value if isinstance(value, list) and one.several else [value]
            made = [_file(key, one, v, files, texts) for v in every]
            if all(m is not None for m in made):
                settings[key] = made if isinstance(value, list) else made[0]
                continue
        _fitting(one, value)
        settings[key] = plain[key] = value
    not_from_here(name, plain)
    checked(name, declared.settings, settings | plain)
    limits.check(settings)
    return Asked(declared.name, settings, files, texts)


def _takes_file(one: Setting) -> bool:
    return one.type in ("file", "files") or one.may_be_file


def _file(
    key: str, one: Setting, value: Any, files: dict[str, dict[str, str]], texts: dict[str, str]
) -> str | None:
    """The name a file has in the task's folder; None where the value is none."""
    if isinstance(value, dict):
        if set(value) != {"name", "text"} or not all(isinstance(v, str) for v in value.values()):
            raise RangeError(
                _("{name}: a file is an upload or its text.").format(name=key),
                '{"name": "study.toml", "text": "..."}',
            )
        _short_enough(f"{key}.name", value["name"], FILE_NAME)
        name = _unused(safe_name(value["name"]), {*files, *texts})
        texts[name] = value["text"]
        return name
    if isinstance(value, str) and value.startswith("upload:"):
        if not re.fullmatch(UPLOAD, value):
            raise RangeError(
                _("{name}={value} is no upload.").format(name=key, value=repr(value[:100])),
                "POST /api/v1/uploads?name=log.csv",
            )
        digest, _sep, sent = value.removeprefix("upload:").partition("/")
        name = _unused(safe_name(sent), {*files, *texts})
        files[name] = {"upload": digest, "name": name}
        return name
    if one.type in ("file", "files"):
        raise RangeError(
            _("{name} names a file: over a network it is an upload or its text.").format(name=key),
            '{"name": "study.toml", "text": "..."}',
        )
    return None


def _unused(name: str, taken: set[str]) -> str:
    stem, _dot, ending = name.rpartition(".")
    number, made = 2, name
    while made in taken:
        made = f"{stem}-{number}.{ending}"
        number += 1
    return made


_JSON = {
    "number": (int, float, str), "whole": (int, float, str), "flag": (bool,),
    "text": (int, float, str), "choice": (str,),
    "numbers": (int, float, str), "wholes": (int, float, str), "texts": (int, float, str),
}  # fmt: skip


def _fitting(one: Setting, value: Any) -> None:
    """Refuse a value of another JSON type than the schema says: nothing is turned into something else unasked."""
    kinds: tuple[type, ...] = (str,) if one.choices else _JSON.get(one.type, (str,))
    every = value if isinstance(value, list) and one.several else [value]
    for each in every:
        if not isinstance(each, kinds) or (isinstance(each, bool) and bool not in kinds):
            word = {"flag": _("true or false"), "text": _("a text"), "choice": _("a text"), "texts": _("a text")}.get(one.type, _("a number, or a text with its unit"))  # fmt: skip
            shown = json.dumps(each, ensure_ascii=False)[:60]
            raise RangeError(
                _("{name}={value} is not {what}.").format(name=one.name, value=shown, what=word)
            )
        if isinstance(each, str):
            _short_enough(one.name, each, NAME if one.may_be_file else longest(one))


def _short_enough(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise RangeError(
            _("{name} has {n} letters: at most {most} are taken.").format(
                name=name, n=len(text), most=most
            ),
            _("write less"),
        )


def body_schema(name: str, code: str = "en", uploads: bool = True) -> dict[str, Any]:
    """JSON Schema of the body that asks a question over a network; without `uploads` a file is its text."""
    declared = declared_of(name)
    made = schema_of(name, code)
    upload = {
        "anyOf": [
            {"type": "string", "pattern": UPLOAD},
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": FILE_NAME},
                    "text": {"type": "string"},
                },
                "required": ["name", "text"],
                "additionalProperties": False,
            },
        ]
    }
    if not uploads:
        del upload["anyOf"][0]
    properties: dict[str, Any] = {}
    for key, one in declared.settings.items():
        if one.local:
            continue
        kept = {
            k: v for k, v in made["properties"][key].items() if k not in ("x-local", "x-option")
        }
        if _takes_file(one):
            words = {
                k: v for k, v in kept.items() if k in ("description", "default") or k[:2] == "x-"
            }
            if one.type in ("file", "files"):
                words.pop("default", None)
                forms = [*upload["anyOf"]]
            else:
                forms = [{"type": ["string", "number"], "maxLength": NAME}, upload["anyOf"][-1]]
            if one.several:
                forms.append({"type": "array", "items": {"anyOf": [*forms]}})
            kept = words | {"anyOf": forms}
        properties[key] = kept
    return {
        "title": made["title"],
        "description": made["description"],
        "type": "object",
        "properties": properties,
        "required": [k for k in made.get("required", []) if k in properties],
        "additionalProperties": False,
    }
