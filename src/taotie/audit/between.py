"""What is a finding between numbers of one text? Its parts, the number they make, and whether that holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from taotie.audit.reading import Quantity, Reading


@dataclass(frozen=True)
class Between:
    """Numbers of the text that make another, or two told as equal: does it hold?

    Attributes
    ----------
    sign : str
        What stands between the parts: "×", "+", "/", or "→" for a change.
    """

    parts: tuple[Quantity, ...]
    whole: Quantity
    ratio: float
    verdict: str
    sign: str = "×"

    @property
    def parts_text(self) -> str:
        """The parts as written, with what makes the whole of them between."""
        return f" {self.sign} ".join(" ".join(q.text.split()) for q in self.parts)

    def to_json(self, reading: Reading) -> dict[str, Any]:
        """Plain values."""
        return {
            "parts": [reading.to_json(q) for q in self.parts],
            "whole": reading.to_json(self.whole),
            "ratio": float(f"{self.ratio:.6g}"),
            "verdict": self.verdict,
        }


def slack_of(parts: Iterable[Quantity]) -> float:
    """How far the digits of some numbers leave their product open, as a share."""
    return sum(min(q.half / abs(q.value), 0.1) for q in parts if q.value)
