"""How much may one request ask for? Limits of a service on a network, each with its own setting of `taotie serve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["Limits"]

MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a stranger may ask of this machine. Sizes in bytes, times in seconds.

    Every limit refuses in words and says its number; nothing is shortened to fit.
    """

    body: int = 1 * MB
    """Bytes of a request's body, uploads apart."""
    upload: int = 256 * MB
    """Bytes of one upload."""
    uploads: int = 4096 * MB
    """Bytes of all uploads together."""
    samples: int = 100_000
    """Samples of each figure."""
    replicas: int = 10_000
    """Replicas of a simulated fleet."""
    buses: int = 100_000
    """Buses of a grid case."""
    short_s: float = 20.0
    """Time of an answer that the client waits for."""
    job_s: float = 1800.0
    """Time of a job."""
    memory: int = 4096 * MB
    """Memory of one working process."""
    queue: int = 1000
    """Jobs waiting."""
    waiting: int = 400
    """Answers being waited for."""
    rate_per_s: float = 20.0
    """Requests a second of one client, over a minute; 0: no limit."""
    burst: int = 60
    """Requests of one client at once."""
    streams: int = 200
    """Clients that listen to the progress of jobs."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not value >= 0 or (value == 0 and one.name != "rate_per_s"):
                raise RangeError(
                    _("the limit {name}={value} is not above 0.").format(name=one.name, value=value)
                )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings that ask for more than this service gives.

        Raises
        ------
        RangeError
            With the setting, its value and the limit.
        """
        for name, most in (
            ("samples", self.samples),
            ("replicas", self.replicas),
            ("prefill_replicas", self.replicas),
            ("least_replicas", self.replicas),
        ):
            value = _whole(settings.get(name))
            if value is not None and value > most:
                raise RangeError(
                    _("{name}={value} is more than this service gives: {most}.").format(
                        name=name, value=settings[name], most=most
                    ),
                    _("ask for less, or install taotie on a machine of your own"),
                )


def _whole(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        from taotie.quantity.quantity_text import parse_quantity

        try:
            return float(parse_quantity(value, "1", bare="1", name="limit"))
        except ValueError:
            return None  # the ask itself says what is wrong with it
    return None
