"""Compile the message catalogues when the package is built or installed; a wheel without them, or without a template,
style or script that a page names, fails. With `TAOTIE_KERNELS=1` and numba at hand the kernels are compiled too (for
x86-64 level 3 where the processor has it) and the wheel is one of this platform and Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = (
    "py.typed",
    "quantity/units.txt",
    "data/figures/*.toml",
    "data/tables/*.csv",
    "data/place_words.csv",
    "data/map/towns.csv",
    "data/map/outlines.txt",
    "app/pages/templates/*.html",
    "app/pages/templates/*.css",
    "app/pages/templates/*.js",
)
"""What is no module and must be there; of a pattern at least one file."""


def missing_assets(package: Path) -> list[str]:
    """What the package needs and does not hold: files by pattern, and every asset or template that a page names."""
    missing = [pattern for pattern in NEEDED if not any(package.glob(pattern))]
    web = package / "app" / "web"
    if (web / "site.py").is_file():
        templates = sorted((web / "templates").glob("*.html"))
        if not templates:
            missing.append("app/web/templates/*.html")
        for template in templates:
            text = template.read_text("utf-8")
            named = {f"static/{n}" for n in re.findall(r"""asset\(['"]([^'"]+)['"]\)""", text)}
            named |= {
                f"templates/{n}"
                for n in re.findall(
                    r"""\{%-?\s*(?:extends|include|import|from)\s+['"]([^'"]+)['"]""", text
                )
            }
            missing += [f"app/web/{n}" for n in sorted(named) if not (web / n).is_file()]
    return missing


def kept_kernels(package: Path) -> dict[str, str]:
    """Compiled kernels of this Python beside their sources: where each lies, and where it goes in the wheel."""
    mark = f".py{sys.version_info.major}{sys.version_info.minor}."
    return {
        str(path): f"taotie/{path.relative_to(package).as_posix()}"
        for path in sorted(package.rglob("__pycache__/*.nb[ic]"))
        if mark in path.name
    }


class CompileMessages(BuildHookInterface):
    """Turns the `.po` files of a language into the one `.mo` file gettext reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before files are collected."""
        from babel.messages.catalog import Catalog
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        missing = missing_assets(Path(self.root, "src", "taotie"))
        if missing:
            raise FileNotFoundError(f"the package would lack {', '.join(missing)}")
        folders = sorted(Path(self.root, "src", "taotie", "locale").glob("*/LC_MESSAGES"))
        if not any(folder.glob("*.po") for folder in folders):
            raise FileNotFoundError("no message catalogue under src/taotie/locale")
        for folder in folders:
            whole = Catalog(locale=folder.parent.name, project="taotie", charset="utf-8")
            for po in sorted(folder.glob("*.po")):
                with po.open("rb") as file:
                    for message in read_po(file):
                        if message.id:
                            whole.add(message.id, message.string)
            with (folder / "taotie.mo").open("wb") as file:
                write_mo(file, whole)
        if os.environ.get("TAOTIE_KERNELS") == "1" and version != "editable":
            self._with_kernels(build_data)

    def _with_kernels(self, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "src")
        around = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
        subprocess.run(
            [sys.executable, "-m", "taotie.answer.ready"],
            env=around | {"PYTHONPATH": str(source)}, check=True,
        )  # fmt: skip
        found = kept_kernels(source / "taotie")
        if not found:
            raise FileNotFoundError("no kernel was compiled: TAOTIE_KERNELS=1 needs numba")
        build_data["force_include"].update(found)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
