"""What has a Prometheus stored? Raw samples of known meters over a span of time.

Raw samples (`m[1h]`), not a grid: `query_range` repeats the last value for minutes after a target died, and
`increase()` stretches to the edges of its window, so that its windows do not add up.
"""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taotie.errors import MeterError
from taotie.files.read import json_value, of_others
from taotie.metering.exporters import METERS, Series, recording_of_series
from taotie.metering.exposition import read_exposition
from taotie.metering.recording import Recording
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["PrometheusClient", "fetched", "read_answer", "series_of_answer", "series_of_scrapes"]

CHUNK_S = 3600.0
MAX_BYTES = 1 << 30


def fetched(url: str, timeout_s: float = 30.0) -> str:
    """The text at an address.

    Raises
    ------
    MeterError
        If nothing answers, or with an error.
    """
    if urllib.parse.urlparse(url).scheme not in ("http", "https"):
        raise MeterError(
            _("{url} is no address of a service.").format(url=url), "http://localhost:9090"
        )
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            return str(answer.read(MAX_BYTES).decode("utf-8", errors="replace"))
    except urllib.error.HTTPError as error:
        body = error.read(2000).decode("utf-8", errors="replace")
        try:
            why = str(json_value(body).get("error", ""))
        except (ValueError, AttributeError):
            why = str(error.reason)
        raise MeterError(
            _("{url} answers {code}: {why}.").format(url=url, code=error.code, why=why.strip()),
            _("503 means that it is starting or overloaded: nothing was read, try again"),
        ) from None
    except (urllib.error.URLError, OSError, TimeoutError) as error:
        raise MeterError(
            _("{url} does not answer: {why}.").format(url=url, why=reason(error)),
            _("is it running, and is the port right?"),
        ) from None


class PrometheusClient:
    """Raw samples from a Prometheus service.

    Parameters
    ----------
    url : str
        Such as ``http://localhost:9090``.
    fetch : callable, optional
        Returns the text at an address.
    """

    def __init__(self, url: str, fetch: Callable[[str], str] = fetched) -> None:
        self.url = url.rstrip("/")
        self._fetch = fetch

    def _ask(self, path: str, **query: str) -> Any:
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        return _checked(self._fetch(url), url)

    @of_others(MeterError)
    def meters(self) -> list[str]:
        """Names of known meters that it holds."""
        data = self._ask("/api/v1/label/__name__/values")
        names = [str(n) for n in data]
        rapl = [n for n in names if n.startswith("node_rapl_") and n.endswith("_joules_total")]
        return sorted(
            {n for n in names if n in METERS or n.removesuffix("_total") in METERS} | set(rapl)
        )

    @of_others(MeterError)
    def recording(
        self, start_s: float, end_s: float, names: Sequence[str] = (), where: str = ""
    ) -> Recording:
        """Meters between two instants.

        Parameters
        ----------
        start_s, end_s : float
            Since 1970. [s]
        names : sequence of str, optional
            Series to ask for; by default every known meter it holds.
        where : str
            A matcher that is added, such as ``Hostname="node-1"``.

        Raises
        ------
        MeterError
            If it does not answer, answers with an error, or holds no meter.
        """
        wanted = list(names) or self.meters()
        if not wanted:
            raise MeterError(
                _("{url} holds no series of a known meter.").format(url=self.url),
                _("known: {names}").format(names=listing(list(METERS)[:6]) + ", ..."),
            )
        found: list[Series] = []
        said: list[Said] = []
        for name in wanted:
            at = start_s
            while at < end_s:
                until = min(at + CHUNK_S, end_s)
                matcher = f"{name}{{{where}}}" if where else name
                span = max(round((until - at) * 1000), 1)
                data = self._ask("/api/v1/query", query=f"{matcher}[{span}ms]", time=f"{until:.3f}")
                found += series_of_answer(data)
                at = until
        made = recording_of_series(found, self.url)
        return made.with_said(*said)


@of_others(MeterError)
def _checked(text: str, where: str) -> Any:
    begin = text.lstrip()[:1]
    if begin == "<":
        raise MeterError(
            _("{where}: this is {kind}, not a page of metrics.").format(where=where, kind="HTML"),
            _("a login page or a proxy stands before it: ask the Prometheus itself"),
        )
    try:
        answer = json_value(text)
    except ValueError:
        raise MeterError(
            _("{where}: the answer is cut off or no JSON.").format(where=where),
            _("nothing was read; try a shorter span"),
        ) from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        why = answer.get("error", "?") if isinstance(answer, dict) else "?"
        raise MeterError(
            _("{where}: Prometheus says: {why}.").format(where=where, why=why),
            _("ask it again when it answers; nothing was read"),
        )
    return answer["data"]


@of_others(MeterError)
def series_of_answer(data: Mapping[str, Any]) -> list[Series]:
    """Series of the `data` of an answer: matrix or vector. Values come as text."""
    rows = data.get("result", [])
    found = []
    for row in rows:
        labels = {str(k): str(v) for k, v in row.get("metric", {}).items()}
        name = labels.pop("__name__", "")
        points = row.get("values") or ([row["value"]] if "value" in row else [])
        if not points:
            continue
        flat = np.array([p[0] for p in points], dtype=np.float64)
        value = np.array([p[1] for p in points]).astype(np.float64)
        t_ns = np.rint(flat * 1000).astype(np.int64) * 1_000_000  # Prometheus keeps milliseconds
        found.append(Series(name, labels, t_ns, value))
    return found


@of_others(MeterError)
def read_answer(text: str, where: str = "") -> Recording:
    """A saved answer of `query` or `query_range`.

    Raises
    ------
    MeterError
        If it is an error, HTML, cut off, or holds no series.
    """
    data = _checked(text, where)
    if not isinstance(data, dict) or "result" not in data:
        raise MeterError(_("{where}: no series in this answer.").format(where=where))
    series = series_of_answer(data)
    nameless = sum(not s.name for s in series)
    made = recording_of_series(series, where)
    if nameless:
        made = made.with_said(
            Said(
                "series_without_name",
                N_(
                    "{n} series have no name: functions such as rate() take it away; export the raw series."
                ),
                {"n": nameless},
            )
        )
    steps = {tuple(np.unique(np.diff(s.t_ns)).tolist()) for s in series if len(s.t_ns) > 3}
    if steps and all(len(s) == 1 for s in steps):
        made = made.with_said(
            Said(
                "values_on_a_grid",
                N_(
                    "The values stand on an even grid, as query_range makes it: after a target died it repeats the last value for up to 5 minutes, which looks like idle time."
                ),
            )
        )
    return made


@of_others(MeterError)
def series_of_scrapes(
    pages: Sequence[tuple[int, str]], where: str = ""
) -> tuple[list[Series], list[Said]]:
    """Series from pages of `/metrics` read at some times. A time on the page itself goes before ours.

    Parameters
    ----------
    pages : sequence of (int, str)
        When each was read, and its text. [ns]
    """
    rows: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[int, float]]] = {}
    said: list[Said] = []
    for t_ns, text in pages:
        scrape = read_exposition(text, where)
        said += scrape.said
        for one in scrape.samples:
            key = (one.name, tuple(sorted(one.labels.items())))
            rows.setdefault(key, []).append((one.t_ns if one.t_ns is not None else t_ns, one.value))
    series = [
        Series(
            name,
            dict(labels),
            np.array([t for t, _v in values], np.int64),
            np.array([v for _t, v in values], np.float64),
        )
        for (name, labels), values in rows.items()
    ]
    return series, said
