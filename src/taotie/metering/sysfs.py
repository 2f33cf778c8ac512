"""Small files of the kernel: a number, a word, or why there is none."""

from __future__ import annotations

from pathlib import Path

from taotie.metering.channel import ABSENT, DENIED, OK, STALE

__all__ = ["number_of", "word_of"]


def number_of(path: Path) -> tuple[int, int | None]:
    """Status and the whole number in a file."""
    try:
        return OK, int(path.read_text().strip())
    except PermissionError:
        return DENIED, None
    except FileNotFoundError:
        return ABSENT, None
    except (OSError, ValueError):  # a driver that is asleep answers with an error
        return STALE, None


def word_of(path: Path, default: str = "") -> str:
    """What a file says, without its line end."""
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return default
