"""What do pages and pictures of rules take from the rooms? Their words, handed through."""

from __future__ import annotations

from taotie.policy.large_load_rules import place_word, status_word

__all__ = ["place_word", "status_word"]
