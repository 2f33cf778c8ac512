"""Where are pages made? In the same stoppable processes as answers: a page that computes too long stops, not the service.

The service hands a request for a page on as plain values; a working process holds the routers of `taotie.app.web` and
answers it there. Pages that must stay on the line (live meters, uploads) say so: `taotie.app.web.live_routers`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from taotie.app import web
from taotie.app.api.languages import WITHOUT
from taotie.app.api.problems import add_handlers
from taotie.app.api.service import Service

__all__ = ["Pages", "rendered"]

PASSED = (
    "accept", "accept-language", "content-type", "host", "hx-request", "hx-target", "hx-current-url",
    "if-none-match", "x-forwarded-proto",
)  # fmt: skip
"""Headers a page may look at; no other crosses into a working process."""


class Pages(BaseRoute):
    """Every address that is not the REST interface's goes to the pages."""

    path = "/(page)"

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, Any]:
        """All of HTTP but what is no page."""
        if scope["type"] != "http":
            return Match.NONE, {}
        root = scope.get("root_path", "")
        path = scope["path"].removeprefix(root)
        if path.split("/", 2)[1:2] and path.split("/", 2)[1] in WITHOUT:
            return Match.NONE, {}
        return Match.FULL, {"route": self}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Have a working process make the page."""
        request = Request(scope, receive)
        service: Service = request.app.state.service
        body = await request.body()
        content = await service.call(
            "taotie.app.api.paged:rendered",
            method=scope["method"],
            path=scope["path"],
            root=scope.get("root_path", ""),
            query=scope.get("query_string", b"").decode("latin-1"),
            scheme=scope.get("scheme", "http"),
            headers=[[k, v] for k, v in request.headers.items() if k in PASSED],
            body=base64.b64encode(body).decode(),
        )
        head, _sep, rest = content.partition(b"\n")
        made = json.loads(head)
        answer = Response(rest, made["status"])
        answer.raw_headers = [
            (k.encode("latin-1"), v.encode("latin-1")) for k, v in made["headers"]
        ]
        await answer(scope, receive, send)


@lru_cache(maxsize=1)
def _application() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    page = getattr(web, "error_page", None)
    if page is not None:
        app.state.error_page = page
    add_handlers(app)
    for router in web.routers():
        app.include_router(router)
    return app


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def rendered(
    method: str, path: str, root: str, query: str, scheme: str, headers: list[list[str]], body: str
) -> bytes:
    """A page, in a working process: one line of JSON with status and headers, then its bytes."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": scheme, "path": path, "raw_path": path.encode(), "root_path": root,
        "query_string": query.encode("latin-1"), "client": ("127.0.0.1", 0), "server": None,
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers], "state": {},
    }  # fmt: skip
    said: list[MutableMapping[str, Any]] = []
    content = base64.b64decode(body)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def made() -> None:
        # Starlette raises an error of ours again once its page is sent: the page is what counts
        try:
            await _application()(scope, receive, send)
        except Exception:
            if not said:
                raise

    _loop().run_until_complete(made())
    start = said[0]
    head = {
        "status": start["status"],
        "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in start["headers"]],
    }
    return json.dumps(head).encode() + b"\n" + b"".join(m.get("body", b"") for m in said[1:])
