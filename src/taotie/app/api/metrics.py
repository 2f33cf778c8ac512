"""What does an operator's Prometheus read? Counts and durations of requests and jobs, by route and state."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from taotie import __version__

__all__ = ["Metrics"]

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")


class Metrics:
    """The numbers of one service. Labels are routes, states and questions of ours, never what a client wrote."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "taotie_http_requests", "Requests answered", ("method", "route", "status"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "taotie_http_request_duration_seconds", "Time from request to answer", ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )  # fmt: skip
        self._jobs = Gauge("taotie_jobs", "Jobs in the store", ("state",), registry=self.registry)
        self._job_seconds = Histogram(
            "taotie_job_duration_seconds", "Time a job ran", ("ask",),
            buckets=(0.1, 1, 5, 15, 60, 300, 900, 1800, 3600), registry=self.registry,
        )  # fmt: skip
        self._waiting = Gauge(
            "taotie_answers_waiting", "Requests waiting for a process", registry=self.registry
        )
        self._listeners = Gauge(
            "taotie_job_listeners", "Clients listening to jobs", registry=self.registry
        )
        build = Gauge("taotie_build", "Version that runs", ("version",), registry=self.registry)
        build.labels(__version__).set(1)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request that was answered."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def job(self, ask: str, seconds: float) -> None:
        """One run of a job that ended."""
        self._job_seconds.labels(ask).observe(seconds)

    def watch(self, waiting: Callable[[], float], listeners: Callable[[], float]) -> None:
        """Read these whenever Prometheus does."""
        self._waiting.set_function(waiting)
        self._listeners.set_function(listeners)

    def text(self, jobs: dict[str, int]) -> bytes:
        """Everything in Prometheus's text form."""
        for state, count in jobs.items():
            self._jobs.labels(state).set(count)
        return generate_latest(self.registry)
