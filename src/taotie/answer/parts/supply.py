"""What do pages and pictures of a supply take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.grid.supply.technology import technology_name

__all__ = ["technology_name"]
