"""What each filled form gives, written down: `python tools/pin_forms.py` (cases in tests/cases/policy/forms.toml)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pin_answers import short, written

from taotie import __version__
from taotie.errors import TaotieError
from taotie.policy.disclosure.facts import Facts, given_fact
from taotie.policy.disclosure.forms import filled
from taotie.words.language import speaking

CASES = Path(__file__).resolve().parents[1] / "tests" / "cases" / "policy"


def cases() -> dict[str, dict[str, Any]]:
    """The cases by name."""
    return tomllib.loads((CASES / "forms.toml").read_text("utf-8"))


def given(case: dict[str, Any]) -> dict[str, Any]:
    """All that the form of one case says, in both languages, what changes with the version of taotie left aside."""
    facts = Facts()
    for text in case["facts"]:
        facts.add(given_fact(text))
    made: dict[str, Any] = {}
    for code in ("en", "zh"):
        with speaking(code):
            one = filled(case["form"], facts, case.get("options"))
            made[code] = one.to_dict()
            made[code]["said"] = [(s.code, s.text()) for s in one.said]
    text = json.dumps(made, ensure_ascii=False).replace(f"taotie {__version__}", "taotie VERSION")
    return json.loads(text)


def drawn(case: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is tried of a full form: each fact left out, under every other name it is looked for by, at another boundary,
    as a range, negative, of another unit; and each option."""
    facts, options = case["facts"], case.get("options") or {}
    for i, fact in enumerate(facts):
        key, _sign, value = fact.partition("=")
        others = [*facts[:i], *facts[i + 1 :]]

        def so(text: str, others: list[str] = others) -> dict[str, Any]:
            return {**case, "facts": [*others, text]}

        yield f"without {key}", {**case, "facts": others}
        yield f"{key} alone", {**case, "facts": [fact]}
        for name in sorted(
            {k for group in looked_for(case) if key in group for k in group} - {key}
        ):
            yield f"{key} as {name}", so(f"{name}={value}")
        number = re.match(r"([\d.e+]+)( to [\d.e+]+)?( [^@]*)?( @\w+)?$", value)
        if number is None:
            continue
        amount, _to, unit, at = (
            float(number[1]),
            number[2],
            (number[3] or "").rstrip(),
            number[4] or "",
        )
        yield f"{key} as a range", so(f"{key}={amount:g} to {2 * amount:g}{unit}{at}")
        yield f"{key} a thousand times", so(f"{key}={1000 * amount:g}{unit}{at}")
        yield f"{key} negative", so(f"{key}=-{amount:g}{unit}{at}")
        yield f"{key} of another unit", so(f"{key}={amount:g} {'h' if 'kg' in unit else 'kg'}{at}")
        yield f"{key} none", so(f"{key}=0{unit}{at}")
        if at:
            for level in ("accelerator", "server", "facility", "grid"):
                yield f"{key} at {level}", so(f"{key}={amount:g}{unit} @{level}")
            yield f"{key} nowhere", so(f"{key}={amount:g}{unit}")
    for name, values in OPTIONS.items():
        for option in values:
            yield f"option {name} = {option}", {**case, "options": {**options, name: option}}


OPTIONS: dict[str, tuple[Any, ...]] = {
    "supersedes": ("0" * 64,), "recipient": ("AIO", "NCA", "nobody"), "boundary": ("accelerator", "server", "facility", "grid"),
    "band": ("range", "rank"), "unofficial": (True,), "passthrough": ({"ours": {"a": 1}},),
}  # fmt: skip
"""What a form may be told beside the facts."""


def looked_for(case: dict[str, Any]) -> set[tuple[str, ...]]:
    """Names under which a form looks for a fact, those of one fact together."""
    found: set[tuple[str, ...]] = set()

    class Watched(Facts):
        def find(self, *keys: str) -> Any:
            found.add(keys)
            return super().find(*keys)

    facts = Watched()
    for text in case["facts"]:
        facts.add(given_fact(text))
    filled(case["form"], facts, case.get("options"))
    return found


def _lines(case: dict[str, Any]) -> list[tuple[str, str]]:
    """A filled form as lines, or why it is not filled."""
    try:
        facts = Facts()
        for text in case["facts"]:
            facts.add(given_fact(text))
        one = filled(case["form"], facts, case.get("options"))
    except TaotieError as error:
        return [("error", f"{type(error).__name__}: {error.message} -> {error.hint}")]
    made = {**one.to_dict(), "said": {s.code: s.text() for s in one.said}}
    text = json.dumps(made, ensure_ascii=False).replace(f"taotie {__version__}", "taotie VERSION")
    return list(_flat(json.loads(text), ""))


def _flat(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Leaves of a JSON with their places; fields by their keys."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for i, inner in enumerate(value):
            yield from _flat(inner, f"{place}.{inner.get('key', i)}")
    elif not any(place.endswith(end) for end in (".sha256", ".serialNumber", ".timestamp", ".created", ".date")):  # fmt: skip
        yield place, short(value)


def tried(name: str) -> dict[str, list[tuple[str, str]]]:
    """A full form, and for each of what is tried the lines that are others then."""
    case = cases()[name]
    whole = _lines(case)
    before = dict(whole)
    pages = {name: whole}
    for title, other in drawn(case):
        made = dict(_lines(other))
        gone = [("gone", " ".join(k for k in before if k not in made))]
        changed = [(k, v) for k, v in made.items() if before.get(k) != v]
        pages[f"{name}, {title}"] = [
            *(gone if gone[0][1] and "error" not in made else []),
            *changed,
        ]
    return pages


FULL = (
    "mdf_full", "mdf_from_compute", "dc2024_full", "dc2024_from_pue", "sci_full", "sci_total", "sci_ai_full", "scope2_full", "esrs_full",
    "rating_given", "boamps_full", "cyclonedx_full", "spdx_full",
)  # fmt: skip


if __name__ == "__main__":
    for name, case in cases().items():
        place = CASES / "forms" / f"{name}.json"
        text = json.dumps(given(case), ensure_ascii=False, indent=1, sort_keys=True)
        place.write_text(text + "\n", "utf-8")
    for name in FULL:
        (CASES / "drawn" / f"{name}.txt").write_text(written(tried(name)), "utf-8")
