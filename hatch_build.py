"""Compile the message catalogues when the package is built or installed; a wheel without them fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileMessages(BuildHookInterface):
    """Turns each `.po` file into the `.mo` file gettext reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before files are collected."""
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        catalogues = sorted(Path(self.root, "src", "taotie", "locale").glob("*/LC_MESSAGES/*.po"))
        if not catalogues:
            raise FileNotFoundError("no message catalogue under src/taotie/locale")
        for po in catalogues:
            with po.open("rb") as file:
                catalogue = read_po(file)
            with po.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue)
