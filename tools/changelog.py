"""CHANGELOG.md out of `changes/`: one section an entry, newest first. `python tools/changelog.py` writes it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# Changelog

Made of `changes/` by `make changelog`; write there. *Figures* tells what moved a number, and why.
"""


def changelog() -> str:
    """All entries, the newest number first; a heading steps down one level."""
    parts = [HEAD]
    entries = sorted((ROOT / "changes").glob("[0-9]*.md"), reverse=True)
    for entry in entries:
        text = entry.read_text("utf-8").strip()
        if not text.startswith("# "):
            text = f"# {entry.stem[5:].replace('-', ' ').capitalize()}\n\n{text}"
        parts.append(re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE))
    return "\n".join(f"{part}\n" for part in parts)


if __name__ == "__main__":
    (ROOT / "CHANGELOG.md").write_text(changelog(), "utf-8")
