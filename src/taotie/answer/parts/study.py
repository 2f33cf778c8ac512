"""What do pages and pictures of a study take from the rooms? Types and words, handed through."""

from __future__ import annotations

from taotie.study.result import Default, GridPicture, StudyResult
from taotie.study.result_file import read_result

__all__ = ["Default", "GridPicture", "StudyResult", "read_result"]
