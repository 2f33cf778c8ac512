"""Compile the message catalogues when the package is built or installed; a wheel without them fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileMessages(BuildHookInterface):
    """Turns the `.po` files of a language into the one `.mo` file gettext reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before files are collected."""
        from babel.messages.catalog import Catalog
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

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
