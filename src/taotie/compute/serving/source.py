"""Where do the requests of a simulation come from? From memory, or in parts from a log that is never held whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from taotie.files.columns import PART
from taotie.words.said import Said
from taotie.workload.requests import Requests
from taotie.workload.scaling import checked_factor, said_faster

__all__ = ["Source", "source_of"]

Array = NDArray[Any]
Part = tuple[Array, Array, Array]
"""Arrivals after the first request [s], prompts and answers [token], in order."""


class Source(NamedTuple):
    """Requests in parts, as often as they are asked for."""

    n: int
    span_s: float
    """Time the requests stand for; at least the last arrival. [s]"""
    parts: Callable[[], Iterable[Part]]
    said: Callable[[], Sequence[Said]]
    """What was done to the rows on reading; complete once they have been read."""
    name: str = ""
    source: str = ""
    layout: Said | None = None
    """Which layout of log this was read as."""
    sums: Callable[[float], tuple[int, int, int]] | None = None
    """Number, prompts and answers [token] of requests of up to so many tokens, where they are known without the parts."""

    def faster(self, scale: float) -> Source:
        """The same requests `scale` times as fast.

        Raises
        ------
        RangeError
            If the factor is not above 0.
        """
        if checked_factor(scale) == 1.0:
            return self
        parts, said = self.parts, self.said

        def sooner() -> Iterator[Part]:
            for t, prompt, output in parts():
                yield t / scale, prompt, output

        return self._replace(
            parts=sooner, span_s=self.span_s / scale, said=lambda: [*said(), said_faster(scale)]
        )

    def mean_lengths(self, most: float) -> tuple[float, float]:
        """Mean prompt and answer of requests of up to `most` tokens, of all if none is as short. [token]"""
        n, prompts, outputs = self._sums(most)
        if not n:
            n, prompts, outputs = self._sums(float("inf"))
        return prompts / n, outputs / n

    def _sums(self, most: float) -> tuple[int, int, int]:
        if self.sums is not None:
            return self.sums(most)
        n = prompts = outputs = 0
        for _t, prompt, output in self.parts():
            kept = prompt + output <= most
            n += int(kept.sum())
            prompts += int(prompt[kept].sum())
            outputs += int(output[kept].sum())
        return n, prompts, outputs


def source_of(requests: Requests) -> Source:
    """Requests that lie in memory."""

    def parts() -> Iterator[Part]:
        for low in range(0, len(requests), PART):
            rows = slice(low, low + PART)
            yield requests.t_s[rows], requests.prompt_tokens[rows], requests.output_tokens[rows]

    return Source(
        len(requests), requests.span_s, parts, lambda: requests.said,
        requests.name, requests.source, requests.layout,
    )  # fmt: skip
