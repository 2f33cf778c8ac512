"""What do pages and pictures of a study take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.study.every_bus import ON_MAP, EveryBus
from taotie.study.result import Default, GridPicture, StudyResult
from taotie.study.result_file import read_result

__all__ = ["ON_MAP", "Default", "EveryBus", "GridPicture", "StudyResult", "read_result"]
