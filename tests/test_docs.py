"""The site's navigation, its reference, the list of changes and the gallery leave nothing out."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import changelog  # noqa: E402
import gallery  # noqa: E402
import site_hooks  # noqa: E402


def test_every_change_stands_in_the_changelog() -> None:
    text = changelog.changelog()
    for entry in (ROOT / "changes").glob("[0-9]*.md"):
        last = entry.read_text("utf-8").strip().splitlines()[-1]
        assert last in text, entry.name
    assert len(re.findall(r"^## ", text, re.M)) >= len(list((ROOT / "changes").glob("[0-9]*.md")))


def test_every_public_room_stands_in_the_reference() -> None:
    rooms = {p.parent.name for p in (ROOT / "src" / "taotie").glob("*/__init__.py")}
    below = {"app", "files", "words", "data", "locale"}  # no one imports these from outside
    assert rooms - below == set(site_hooks.ROOMS)
    assert "taotie.answer.prompt" in site_hooks.modules("answer")


def test_navigation_reaches_every_page() -> None:
    listed = re.findall(r": ([\w/.]+(?:\.md|/))$", (ROOT / "mkdocs.yml").read_text(), re.M)
    made = {"index.md", "changes.md", "reference/"}
    for place in set(listed) - made:
        assert (ROOT / "docs" / place).exists(), place
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert any(name == p or (p.endswith("/") and name.startswith(p)) for p in listed), name


def test_each_tutorial_has_both_languages() -> None:
    folder = ROOT / "docs" / "tutorials"
    assert {p.name for p in folder.glob("*.md")} == {p.name for p in (folder / "zh").glob("*.md")}


def test_gallery_links_what_its_commands_write() -> None:
    links = re.findall(r'href="gallery/([^"]+)"', (ROOT / "docs" / "gallery.md").read_text("utf-8"))
    written = " ".join(" ".join(words) for words in gallery.commands(Path("F")))
    for link in links:
        assert f"F/{link.removesuffix('/report.html')}" in written, link
    assert len(links) == len(gallery.commands(Path("F")))


def test_contributing_names_what_there_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for place in re.findall(r"`((?:src|tests|tools|docs|study|answer|app|taotie|benchmarks|findings|changes|data)/[\w/.*]*)`", text):  # fmt: skip
        found = [*ROOT.glob(place), *(ROOT / "src" / "taotie").glob(place), *(ROOT / "src").glob(place)]  # fmt: skip
        assert found, place


def typed(text: str) -> list[list[str]]:
    """Command lines of ours in a guide or a template: after a prompt, variables or nothing, up to a pipe or a comment."""
    found = []
    lines = re.findall(r"<code>([^<{]*)</code>", text)
    for block in re.findall(r"```(?:text|sh|bash|console)\n(.*?)```", text, re.S):
        lines += block.replace("\\\n", " ").splitlines()
    for line in lines:
        match = re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*taotie ([^|#&>;]*)", line)
        if match and "..." not in match[1]:
            found.append(shlex.split(match[1]))
    return found


def test_property_commands_in_guides_and_on_pages_have_the_options_they_name() -> None:
    from taotie.app.cli.main import build

    root = build()
    files = [*(ROOT / "docs/guide").glob("*.md"), *(ROOT / "src/taotie/app/web/templates").glob("*.html")]  # fmt: skip
    seen = 0
    for path in files:
        for words in typed(path.read_text("utf-8")):
            command, rest = root, list(words)
            while rest and rest[0] in getattr(command, "commands", {}):
                command = command.commands[rest.pop(0)]
            known = {
                o for p in [*command.params, *root.params] for o in (*p.opts, *p.secondary_opts)
            }
            options = [w.partition("=")[0] for w in rest if re.match("--?[a-z]", w)]
            wrong = [o for o in options if o not in known | {"--help", "-h", "--"}]
            assert not wrong, f"{path.name}: taotie {' '.join(words)}"
            seen += 1
    assert seen > 5
