"""What the documentation site makes by itself: the start page, reference pages from docstrings, the list of changes."""

from __future__ import annotations

import pkgutil
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from changelog import changelog  # noqa: E402

ROOMS = {
    "answer": "Questions and answers",
    "audit": "Checking published numbers",
    "study": "Studies",
    "policy": "Rules, forms, tax",
    "grid": "The grid",
    "fleet": "Fleets and nations",
    "facility": "The building",
    "compute": "What machines draw",
    "workload": "What is asked",
    "hardware": "Chips and servers",
    "metering": "Meters",
    "quantity": "Figures, units, sources",
}


def on_config(config: Any) -> Any:
    """A folder in the navigation stands for its pages."""
    config["nav"] = [{k: _pages(v) for k, v in part.items()} for part in config["nav"]]
    return config


def _pages(place: Any) -> Any:
    if not isinstance(place, str) or not place.endswith("/"):
        return place
    if place == "reference/":
        return ["reference/index.md", *(f"reference/{room}.md" for room in ROOMS)]
    found = sorted(p.name for p in (ROOT / "docs" / place).glob("*.md"))
    return [place + name for name in sorted(found, key=lambda n: n != "README.md")]


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that no one writes by hand."""
    from mkdocs.structure.files import File

    def add(place: str, text: str) -> None:
        files.append(File.generated(config, place, content=text))

    readme = (ROOT / "README.md").read_text("utf-8")
    readme = re.sub(r"\]\(docs/decisions/\)", "](decisions/README.md)", readme)
    readme = re.sub(r"\]\(docs/", "](", readme)
    add("index.md", re.sub(r" · \[中文\]\(README\.zh\.md\)", "", _without_outside(readme)))
    add("changes.md", _without_outside(changelog()))
    listing = ["# Reference", "", "Every public name, from its docstring. Folders are named for the places electricity passes.", ""]  # fmt: skip
    for room, title in ROOMS.items():
        listing.append(f"- [{title}]({room}.md): `taotie.{room}`")
        add(f"reference/{room}.md", _room_page(room, title))
    add("reference/index.md", "\n".join(listing) + "\n")
    for picture in sorted((ROOT / "src/taotie/app/pages/pictures").glob("*.png")):
        place = f"pictures/{picture.name}"
        files.append(File.generated(config, place, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Pictures of the package lie beside the pages of the site."""
    return markdown.replace("../../src/taotie/app/pages/pictures/", "../pictures/")


def _room_page(room: str, title: str) -> str:
    lines = [f"# {title}", ""]
    for module in modules(room):
        lines += [f"::: {module}", ""]
    return "\n".join(lines)


def modules(room: str) -> list[str]:
    """Public modules of a room, in the order of their names."""
    start = ROOT / "src" / "taotie" / room
    found = pkgutil.walk_packages([str(start)], f"taotie.{room}.")
    return sorted(m.name for m in found if not m.ispkg and "._" not in m.name)


def _without_outside(text: str) -> str:
    """Links that lead out of docs/ as plain words: the site holds no copy of those files."""
    return re.sub(r"\[([^\]]+)\]\((?:\.\./|benchmarks/|changes/|src/|studies/)[^)]*\)", r"\1", text)
