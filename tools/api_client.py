"""Write the typed client of the REST interface from the table of questions; a test holds it in step.

python tools/api_client.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from taotie.answer.asks import Declared
from taotie.app.api.bodies import asks_by_name
from taotie.study.settings import Setting
from taotie.words.language import in_language

PLACE = Path(__file__).resolve().parent.parent / "src" / "taotie" / "app" / "api" / "client.py"
MARK = "    # -- the questions, written by tools/api_client.py\n"

KINDS = {
    "number": "Number", "whole": "Number", "flag": "bool", "text": "Number", "choice": "str",
    "file": "File", "files": "File | Sequence[File]", "texts": "Number | Sequence[Number]",
    "numbers": "Number | Sequence[Number]", "wholes": "Number | Sequence[Number]",
}  # fmt: skip


def kind(one: Setting) -> str:
    """The Python type of a setting."""
    if one.choices and one.type in ("text", "choice"):
        # in the default's language a choice is closed; the empty text says nothing
        words = [*one.choices, *([""] if one.default == "" else [])]
        return f"Literal[{', '.join(repr(c).replace(chr(39), chr(34)) for c in words)}]"
    found = KINDS[one.type]
    return f"{found} | File" if one.may_be_file else found


def method(flat: str, declared: Declared) -> str:
    """One question as a method."""
    taken = [one for one in declared.settings.values() if not one.local]
    taken.sort(key=lambda one: not one.required)
    lines = [f"    def {flat}(", "        self,", "        *,"]
    for one in taken:
        if one.required:
            lines.append(f"        {one.name}: {kind(one)},")
        else:
            lines.append(f"        {one.name}: {kind(one)} | None = None,")
    back = "JobHandle" if declared.long else "dict[str, Any]"
    lines += [f"    ) -> {back}:", f'        """{in_language(declared.help, "en")}"""']
    lines.append(f"        return self.{'begin' if declared.long else 'ask'}(")
    lines.append(f'            "{flat}",')
    lines += [f"            {one.name}={one.name}," for one in taken]
    lines.append("        )")
    return "\n".join(lines)


def client() -> str:
    """The whole module."""
    head, _mark, _rest = PLACE.read_text("utf-8").partition(MARK)
    methods = [method(flat, declared) for flat, declared in asks_by_name().items()]
    return head + MARK + "\n" + "\n\n".join(methods) + "\n"


def formatted(text: str) -> str:
    """As ruff would leave it."""
    import subprocess

    return subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(PLACE), "-"],
        input=text, capture_output=True, text=True, check=True, cwd=PLACE.parents[4],
    ).stdout  # fmt: skip


if __name__ == "__main__":
    made = formatted(client())
    if "--check" in sys.argv:
        sys.exit(
            0
            if made == PLACE.read_text("utf-8")
            else "the client is out of step: python tools/api_client.py"
        )
    PLACE.write_text(made, "utf-8")
