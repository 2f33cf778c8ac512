"""Who is let in, how often, and with how much? One layer in front of pages and REST, and what it notes of each request.

It is written against ASGI itself: nothing of a body is read before its size is known to be allowed.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from taotie.app.api.keys import Keys
from taotie.app.api.languages import preferred
from taotie.app.api.limits import Limits
from taotie.app.api.metrics import Metrics
from taotie.app.api.problems import Problem, problem_of, problem_response
from taotie.words.language import _, speaking

__all__ = ["Guard", "Rate"]

log = logging.getLogger("taotie.serve")

GONE = 499
"""What is noted of a client that went away in the middle of its request; nothing is sent."""
CLIENTS = 50_000
"""Clients whose requests are counted; the longest silent one is forgotten first."""

OPEN = ("/healthz", "/api/v1/openapi.json")
UPLOAD = "/api/v1/uploads"


class Rate:
    """A bucket a client: `burst` requests at once, then `per_s` a second. Measured on a clock that never jumps.

    Examples
    --------
    >>> rate = Rate(per_s=1.0, burst=2)
    >>> [rate.wait("a", at) for at in (0.0, 0.0, 0.0, 1.0)]
    [0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, per_s: float, burst: int) -> None:
        self.per_s = per_s
        self.burst = float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """Seconds until this request is allowed; 0 lets it in. [s]"""
        if not self.per_s:
            return 0.0
        left, at = self._left.pop(client, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_s)
        allowed = left >= 1.0 - 1e-9
        self._left[client] = (left - 1.0 if allowed else left, now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self.per_s


class Guard:
    """Host, key, rate and size of every request; one line of log and one count for it afterwards.

    Parameters
    ----------
    hosts : tuple of str
        Names under which this service may be called; empty for any. A page of another site that makes its own
        name lead here is refused by it.
    """

    def __init__(
        self, app: Any, *, limits: Limits, metrics: Metrics, keys: Keys | None = None,
        hosts: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.app = app
        self.limits = limits
        self.metrics = metrics
        self.keys = keys
        self.hosts = hosts
        self.rate = Rate(limits.rate_per_s, limits.burst)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began = time.monotonic()
        number = secrets.token_hex(8)
        headers = Headers(scope=scope)
        status = 500
        sent = 0

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = number
            else:
                sent += len(message.get("body", b""))
            await send(message)

        state = scope.setdefault("state", {})
        try:
            try:
                client = self._client(scope, headers, state)
                self._check(scope, headers, client)
                most = self.limits.upload if scope["path"].startswith(UPLOAD) or self._form(scope, headers) else self.limits.body  # fmt: skip
                counted = self._counted(headers, receive, most)
                await self.app(scope, counted, noted)
            except Problem as problem:
                if status != 500 or sent:
                    raise
                with speaking(preferred(headers.get("accept-language", ""))):
                    answer = problem_response(problem_of(problem), problem.headers)
                await answer(scope, receive, noted)
            except ClientDisconnect:
                status = GONE  # nobody is there to be answered, and nothing went wrong here
        finally:
            seconds = time.monotonic() - began
            route = getattr(scope.get("route"), "path", "") or "(none)"
            self.metrics.request(scope["method"], route, status, seconds)
            log.info(
                "request",
                extra={
                    "fields": {
                        "id": number,
                        "method": scope["method"] if scope["method"].isalpha() else "?",
                        # the route, never the address: it may hold what a user wrote
                        "route": route,
                        "status": status,
                        "ms": round(1000 * seconds, 1),
                        "bytes": sent,
                    }
                },
            )

    @staticmethod
    def _form(scope: MutableMapping[str, Any], headers: Headers) -> bool:
        """Whether a page sends a file: a form in parts."""
        return not scope["path"].startswith("/api/") and headers.get("content-type", "").startswith(
            "multipart/form-data"
        )

    def _client(
        self, scope: MutableMapping[str, Any], headers: Headers, state: MutableMapping[str, Any]
    ) -> str:
        state["owner"] = ""
        path = scope["path"]
        guarded = path.startswith(("/api/", "/mcp")) and path not in OPEN
        if self.keys is not None and guarded:
            name = self.keys.name_of(headers.get("authorization", ""))
            if name is None:
                raise Problem(
                    401, _("this service answers only to an API key."),
                    "Authorization: Bearer taotie_...", {"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            state["owner"] = name
            return f"key {name}"
        address = (scope.get("client") or ("local", 0))[0]
        # the addresses of one IPv6 line are one client's
        return ":".join(address.split(":")[:4]) if ":" in address else address

    def _check(self, scope: MutableMapping[str, Any], headers: Headers, client: str) -> None:
        if self.hosts and scope["path"] != "/healthz":
            host = re.sub(r":\d+$", "", headers.get("host", "")).lower()
            if host not in self.hosts:
                raise Problem(
                    421, _("this service is not called {host}.").format(host=repr(host[:80])),
                    "--allow-host NAME",
                )  # fmt: skip
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and (
            headers.get("sec-fetch-site") == "cross-site"
        ):
            raise Problem(403, _("another site's page may not send orders here."))
        if scope["path"] in ("/healthz", "/metrics") or scope["path"].startswith("/static/"):
            return
        wait = self.rate.wait(client, time.monotonic())
        if wait > 0:
            raise Problem(
                429,
                _("more than {n:g} requests a second from one client.").format(
                    n=self.limits.rate_per_s
                ),
                _("try again in a few seconds"),
                {"Retry-After": str(max(1, round(wait + 0.5)))},
            )

    @staticmethod
    def _counted(headers: Headers, receive: Any, most: int) -> Any:
        """`receive`, which refuses more bytes than are allowed, announced or not."""
        told = headers.get("content-length", "")
        too_large = Problem(413, _("the body is larger than {most} bytes.").format(most=most))
        if told.isdigit() and int(told) > most:
            raise too_large
        got = 0

        async def counted() -> Any:
            nonlocal got
            message = await receive()
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                if got > most:
                    raise too_large
            return message

        return counted


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, what, and its fields. Texts of users are in none of them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "what": record.getMessage() if record.name == "taotie.serve" else record.name,
        }
        return json.dumps(made | getattr(record, "fields", {}), ensure_ascii=False)
