"""What each filled form gives, written down: `python tools/pin_forms.py` (cases in tests/cases/policy/forms.toml)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[1] / "tests" / "cases" / "policy"


def cases() -> dict[str, dict[str, Any]]:
    """The cases by name."""
    return tomllib.loads((CASES / "forms.toml").read_text("utf-8"))


def given(case: dict[str, Any]) -> dict[str, Any]:
    """All that the form of one case says, in both languages, what changes with the version of taotie left aside."""
    from taotie import __version__
    from taotie.policy.disclosure.facts import Facts, given_fact
    from taotie.policy.disclosure.forms import filled
    from taotie.words.language import speaking

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


if __name__ == "__main__":
    for name, case in cases().items():
        place = CASES / "forms" / f"{name}.json"
        text = json.dumps(given(case), ensure_ascii=False, indent=1, sort_keys=True)
        place.write_text(text + "\n", "utf-8")
