"""The Chinese messages: `extract` new ones into the .po files, `compile` them, `check` that nothing is
missing and the words are the glossary's.

One .po file a room, named for it; a message that several rooms say stands with the first of them. All of them
become one .mo.

python tools/messages.py extract [translations.json] | compile | check
"""

from __future__ import annotations

import json
import re
import string
import sys
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "taotie"
FOLDER = SOURCE / "locale" / "zh" / "LC_MESSAGES"
MO = FOLDER / "taotie.mo"
GLOSSARY = Path(__file__).with_name("glossary.toml")
RANGE = re.compile(r"(?<=[\d}%A-Za-z]) ?到 ?(?=[-\d{])")
BILLIONS = re.compile(r"[\d}] ?(?:十亿|千亿|百万|千万)(?!分)")
SPACE = re.compile(
    r"[，。；：！？、（）《》「」『』【】〔〕] +(?=[\u3400-\u9fff{])|[\u3400-\u9fff] +[，。；：！？、（）《》「」『』【】〔〕]"
)
HALF_WIDTH = re.compile(
    r"(?<=[\u4e00-\u9fff）])[,;:](?=[\u4e00-\u9fff（\s]|$)|(?<=[\u4e00-\u9fff）]), |\([^()]*[\u4e00-\u9fff][^()]*\)"
)
SYNTAX = re.compile(r"纬度,经度|pvlib:名称|[A-Za-z_]\([^()]*\)")
"""What a person types, commas and all."""
DASH = re.compile(r"[\d}] ?[-~～] ?[\d{][^，。；]{0,12}%")
KEYWORDS = {"_": None, "N_": None, "in_language": None, "gettext": None}


def room(file: str) -> str:
    """The .po file a source file's messages belong to: its folder, or two of them under `app`."""
    parts = Path(file).parts
    if len(parts) == 1:
        return "words"
    if parts[0] != "app":
        return parts[0]
    return f"app_{parts[1]}" if len(parts) > 2 else "app_cli"


def extracted() -> dict[str, str]:
    """All messages of the source code, each with the room it belongs to."""
    catalogue: dict[str, str] = {}

    def add(message: object, place: str) -> None:
        if isinstance(message, str) and message:
            catalogue[message] = min(place, catalogue.get(message, place))

    found = extract_from_dir(
        str(SOURCE),
        method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**.j2", "jinja2")],
        keywords=KEYWORDS,
    )
    for file, _line, message, _comments, _context in found:
        add(message, room(file))
    # Babel does not look into f-strings
    for path in sorted(SOURCE.rglob("*.py")):
        for message in re.findall(r"[{ ]_\('([^']+)'\)", path.read_text("utf-8")):
            add(message, room(str(path.relative_to(SOURCE))))
    # Typer's and Click's own words, which no source file of ours names
    for message in (SOURCE / "locale" / "typer_messages.txt").read_text("utf-8").splitlines():
        add(message, "app_cli")
    return catalogue


def present() -> Catalog:
    """The translated messages of all rooms."""
    whole = Catalog(locale="zh", project="taotie", charset="utf-8")
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id:
                    whole.add(message.id, message.string, flags=message.flags)
    return whole


def fields(text: str) -> set[str]:
    """Names of the placeholders of a message."""
    try:
        return {name for _t, name, _s, _c in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


HEADER = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: taotie\\n"\n"Language: zh\\n"\n'
    '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Content-Transfer-Encoding: 8bit\\n"\n\n'
)


def update(merge: Path | None = None) -> None:
    """Bring the .po files in line with the source; optionally merge a JSON object of `msgid: msgstr`."""
    known = {m.id: m.string for m in present() if m.id and m.string}
    if merge is not None:
        known |= {k: v for k, v in json.loads(merge.read_text("utf-8")).items() if v}
    rooms: dict[str, Catalog] = {}
    for message, place in sorted(extracted().items()):
        whole = rooms.setdefault(place, Catalog(locale="zh", project="taotie", charset="utf-8"))
        whole.add(message, known.get(message, ""))
    for path in FOLDER.glob("*.po"):
        if path.stem not in rooms:
            path.unlink()
    for place, catalogue in rooms.items():
        buffer = BytesIO()
        write_po(buffer, catalogue, width=100, no_location=True, omit_header=True)
        (FOLDER / f"{place}.po").write_bytes(HEADER.encode() + buffer.getvalue())


def problems() -> list[str]:
    """Messages without a translation, fuzzy ones, placeholders that differ, words off the glossary."""
    known = {m.id: m for m in present() if m.id}
    found = []
    for message, place in extracted().items():
        entry = known.get(message)
        if entry is None or not entry.string:
            found.append(f"not translated: {message!r} ({place}.po)")
        elif entry.fuzzy:
            found.append(f"fuzzy: {message!r} ({place}.po)")
        elif fields(message) != fields(str(entry.string)):
            found.append(f"placeholders differ: {message!r} / {entry.string!r} ({place}.po)")
    terms = glossary()
    for message, entry in known.items():
        found += off_the_glossary(str(message), str(entry.string), terms)
        if RANGE.search(str(entry.string)):
            found.append(f"a range says 至, as numbers do: {entry.string!r}")
        if SPACE.search(str(entry.string)):
            found.append(f"no space beside full-width punctuation: {entry.string!r}")
        if HALF_WIDTH.search(SYNTAX.sub("", str(entry.string))):
            found.append(f"punctuation beside Chinese is full-width: {entry.string!r}")
        if DASH.search(str(entry.string)):
            found.append(f"a range says 至, as numbers do: {entry.string!r}")
        if BILLIONS.search(str(entry.string)):
            found.append(f"Chinese counts in 万 and 亿: {entry.string!r}")
    return found


def off_the_glossary(english: str, chinese: str, terms: list[dict[str, Any]]) -> list[str]:
    """What one message says in other words than the glossary's."""
    found = []
    for term in terms:
        wanted = term.get("en", "")
        for pattern in term.get("not_en", ()):
            if re.search(rf"\b{pattern}", english, re.IGNORECASE):
                found.append(f"not the glossary's words: {pattern!r} in {english!r}")
        for other in term.get("not_zh", ()):
            if other in chinese:
                found.append(f"not the glossary's words: {other} in {chinese!r} for {english!r}")
        said = re.search(rf"\b{wanted}", english, re.IGNORECASE) if wanted else None
        # an identifier stays as it is: `accelerators = 8`
        words = (*term["zh"], said.group().lower()) if said else ()
        if words and chinese and not any(word in chinese.lower() for word in words):
            found.append(
                f"{wanted}: none of {', '.join(term['zh'])} in {chinese!r} for {english!r}"
            )
    return found


def glossary() -> list[dict[str, Any]]:
    """The terms of `tools/glossary.toml`."""
    terms: list[dict[str, Any]] = tomllib.loads(GLOSSARY.read_text("utf-8"))["term"]
    return terms


def compile_() -> None:
    """Write the .mo gettext reads."""
    with MO.open("wb") as file:
        write_mo(file, present())


def main() -> None:
    """Run one of the three."""
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "extract":
        update(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
        print("\n".join(problems()))
    elif what == "compile":
        compile_()
    elif what == "check":
        found = problems()
        print("\n".join(found[:40]))
        if found:
            sys.exit(
                f"{len(found)} messages need work: {FOLDER.relative_to(ROOT)}, tools/glossary.toml"
            )
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
