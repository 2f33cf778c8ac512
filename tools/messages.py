"""The Chinese messages: `extract` new ones into the .po, `compile` it, `check` that nothing is missing.

python tools/messages.py extract [translations.json] | compile | check
"""

from __future__ import annotations

import json
import re
import string
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "taotie"
PO = SOURCE / "locale" / "zh" / "LC_MESSAGES" / "taotie.po"
KEYWORDS = {"_": None, "N_": None, "in_language": None, "gettext": None}


def extracted() -> Catalog:
    """All messages of the source code."""
    catalogue = Catalog(project="taotie", charset="utf-8")
    found = extract_from_dir(
        str(SOURCE),
        method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**.j2", "jinja2")],
        keywords=KEYWORDS,
    )
    for _file, _line, message, _comments, context in found:
        catalogue.add(message, context=context)
    # Babel does not look into f-strings
    for path in sorted(SOURCE.rglob("*.py")):
        for message in re.findall(r"[{ ]_\('([^']+)'\)", path.read_text("utf-8")):
            catalogue.add(message)
    # Typer's and Click's own words, which no source file of ours names
    for message in (SOURCE / "locale" / "typer_messages.txt").read_text("utf-8").splitlines():
        if message:
            catalogue.add(message)
    return catalogue


def present() -> Catalog:
    """The translated messages."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def fields(text: str) -> set[str]:
    """Names of the placeholders of a message."""
    try:
        return {name for _t, name, _s, _c in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


def update(merge: Path | None = None) -> None:
    """Bring the .po in line with the source; optionally merge a JSON object of `msgid: msgstr`."""
    known = {m.id: m.string for m in present() if m.id and m.string}
    if merge is not None:
        known |= {k: v for k, v in json.loads(merge.read_text("utf-8")).items() if v}
    result = Catalog(locale="zh", project="taotie", charset="utf-8")
    for message in sorted((m for m in extracted() if m.id), key=lambda m: str(m.id)):
        result.add(message.id, known.get(message.id, ""))
    buffer = BytesIO()
    write_po(buffer, result, width=100, no_location=True, omit_header=True)
    header = (
        'msgid ""\nmsgstr ""\n"Project-Id-Version: taotie\\n"\n"Language: zh\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    PO.write_bytes(header.encode() + buffer.getvalue())


def problems() -> list[str]:
    """Messages without a translation, fuzzy ones, and placeholders that differ."""
    known = {m.id: m for m in present() if m.id}
    found = []
    for message in extracted():
        if not message.id:
            continue
        entry = known.get(message.id)
        if entry is None or not entry.string:
            found.append(f"not translated: {message.id!r}")
        elif entry.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        elif fields(str(message.id)) != fields(str(entry.string)):
            found.append(f"placeholders differ: {message.id!r} / {entry.string!r}")
    return found


def compile_() -> None:
    """Write the .mo gettext reads."""
    with PO.with_suffix(".mo").open("wb") as file:
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
            sys.exit(f"{len(found)} messages need a translator: {PO.relative_to(ROOT)}")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
