"""What does the picture of a study at every bus take from the rooms? Apart, since it needs the extra `grid`."""

from __future__ import annotations

from taotie.study.every_bus import ON_MAP, EveryBus

__all__ = ["ON_MAP", "EveryBus"]
