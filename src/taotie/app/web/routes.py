"""Which addresses do the pages have? Each page, the files of its charts, its share picture, its jobs; see `web/__init__.py`.

Pages are made in the service's processes, which can be stopped: whatever a stranger asks for ends in time.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from taotie.app.web.service_page import settings_of
from taotie.app.web.site import FIRST, PAGES, Addresses, waiting_html
from taotie.app.web.state import State
from taotie.app.web.waiting import FIRST_S, LATER_S, Waiting
from taotie.errors import UnknownNameError, nearest
from taotie.words.language import _, language

__all__ = ["router"]

KINDS = {"csv": "text/csv", "json": "application/json", "svg": "image/svg+xml"}
CALLS = "taotie.app.web.calls:"
PAGE_S = 60.0
"""Seconds a page may take: a grid of thousands of buses, a supply of a whole year."""


def router() -> APIRouter:
    """The router of all pages."""
    made = APIRouter()
    at = Addresses()
    begun = Waiting()

    async def called(request: Request, function: str, **settings: Any) -> bytes:
        content: bytes = await request.app.state.service.call(CALLS + function, PAGE_S, **settings)
        return content

    async def shown(request: Request, page: str, posted: dict[str, str] | None = None) -> Response:
        more = posted if posted is not None else await _job_of(request, page)
        pairs, origin = _pairs(request), _origin(request)
        in_place = "hx-request" in request.headers

        async def make() -> bytes:
            return await called(request, "page", name=page, pairs=pairs, posted=more, origin=origin)

        headers = _headers()
        browser = "text/html" in request.headers.get("accept", "")
        if posted is None and not more and (in_place or browser):
            key = (page, language(), origin, tuple(map(tuple, pairs)))
            content = await begun.made(key, make, LATER_S if in_place else FIRST_S)
        else:
            content = await make()
        if content is None:
            state = State.of([(k, v) for k, v in pairs], language())
            headers["Cache-Control"] = "no-store"
            return HTMLResponse(
                waiting_html(page, state, origin), 200 if in_place else 202, headers=headers
            )
        found = json.loads(content)
        # a half-edited sentence is no failed request: the page in place shows what is wrong with it
        status = 200 if in_place else int(found["status"])
        if posted is not None or more:
            headers["Cache-Control"] = "no-store"
        return HTMLResponse(found["html"], status, headers=headers)

    @made.get("/")
    async def first(request: Request) -> Response:
        return await shown(request, FIRST)

    @made.get(f"/{FIRST}")
    async def first_by_name(request: Request) -> Response:
        state = State.of(request.query_params.multi_items(), language())
        return RedirectResponse(at.page(FIRST, state), 308)

    @made.post("/check")
    async def article(request: Request) -> Response:
        # a text too long for an address: shown, never kept
        form = await request.form(max_files=0, max_fields=20, max_part_size=900_000)
        return await shown(request, "check", {"article": _text(form.get("article"))})

    @made.post("/meter")
    async def log(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=20, max_part_size=900_000)
        return await shown(
            request, "meter", {"log": _text(form.get("log")), "kind": _text(form.get("kind"))}
        )

    @made.post("/service")
    async def service_job(request: Request) -> Response:
        service = request.app.state.service
        async with request.form(max_files=1, max_fields=100) as form:
            if cancelled := _text(form.get("cancel")):
                await service.jobs.cancel(cancelled)
                return RedirectResponse(f"{at.action('service', language())}?{urlencode({'job': cancelled})}", 303)  # fmt: skip
            pairs = [(k, v) for k, v in form.multi_items() if isinstance(v, str)]
            settings: dict[str, Any] = dict(settings_of(State.of(pairs, language())))
            upload = form.get("log")
            if isinstance(upload, UploadFile) and upload.filename:
                kept = await service.uploads.take(upload.filename, _chunks(upload))
                settings["trace"] = f"upload:{kept.id}/{kept.name}"
                for name in ("per_day", "sampled_hours", "mean_prompt", "mean_answer"):
                    settings.pop(name, None)
        job = await service.job("simulate", settings)
        return RedirectResponse(f"{at.action('service', language())}?{urlencode({'job': job.id})}", 303)  # fmt: skip

    @made.get("/embed/{page}/{chart}")
    async def embed(request: Request, page: str, chart: str) -> Response:
        content = await called(
            request, "embed", name=page, which=chart, pairs=_pairs(request),
            posted=await _job_of(request, page), origin=_origin(request),
        )  # fmt: skip
        return HTMLResponse(content, headers=_headers())

    @made.get("/{page}/share.png")
    async def share(request: Request, page: str) -> Response:
        content = await called(request, "share", name=page, pairs=_pairs(request), posted={})
        return Response(content, media_type="image/png", headers={"Cache-Control": "max-age=3600"})

    @made.get("/{page}/chart/{name}")
    async def chart(request: Request, page: str, name: str) -> Response:
        stem, _dot, kind = name.rpartition(".")
        if kind not in KINDS:
            raise UnknownNameError(
                _("A chart is not given as {kind}.").format(kind=repr(kind[:20])),
                nearest(kind, KINDS),
            )
        content = await called(
            request, "chart", name=page, which=stem, kind=kind, pairs=_pairs(request),
            posted=await _job_of(request, page),
        )  # fmt: skip
        return Response(
            content,
            media_type=f"{KINDS[kind]}; charset=utf-8",
            headers={
                **_headers(),
                "Content-Disposition": f'attachment; filename="taotie-{page}-{stem}.{kind}"',
            },
        )

    for name in PAGES:
        if name != FIRST:
            made.add_api_route(f"/{name}", _one(shown, name), methods=["GET"], name=f"page-{name}")
    return made


def _one(shown: Any, name: str) -> Any:
    async def page(request: Request) -> Response:
        answer: Response = await shown(request, name)
        return answer

    return page


async def _job_of(request: Request, page: str) -> dict[str, str]:
    """The job a page of a service is about, and its answer once it is there."""
    wanted = request.query_params.get("job", "")
    if page != "service" or not wanted:
        return {}
    service = request.app.state.service
    found = await service.jobs.get(wanted)
    shown = found.to_dict() | {"settings": dict(found.task.get("settings", {}))}
    posted = {"job": json.dumps(shown, default=str)}
    if found.result:
        content = await service.result(found.result)
        if content is not None:
            posted["answer"] = content.decode("utf-8")
    return posted


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(1 << 20):
        yield chunk


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _pairs(request: Request) -> list[list[str]]:
    return [[k, v] for k, v in request.query_params.multi_items()]


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _headers() -> dict[str, str]:
    return {"Content-Language": language(), "Vary": "HX-Request"}
