"""What do pages and pictures of a form take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.policy.disclosure.form import Disclosure, status_word

__all__ = ["Disclosure", "status_word"]
