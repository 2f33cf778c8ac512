"""REST under `/api/v1`: one route a question, jobs with progress, results by their hash, uploads, and what is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from taotie.answer.asks import Declared, declared_of
from taotie.answer.schema import schema_of
from taotie.app.api.bodies import asks_by_name, body_schema, json_of
from taotie.app.api.problems import MEDIA_TYPE, Problem
from taotie.app.api.service import Service
from taotie.app.api.store import STATES, Job
from taotie.app.api.uploads import ENDINGS
from taotie.words.language import LANGUAGES, _, in_language, language
from taotie.words.listing import listing

__all__ = ["SCHEMAS", "router"]

PREFIX = "/api/v1"
ALWAYS = "public, max-age=31536000, immutable"
"""What a result by its hash is for ever."""

_TEXT = {"type": "string"}
_ANY = {"type": "object", "additionalProperties": True}

SCHEMAS: dict[str, Any] = {
    "Answer": {
        "type": "object",
        "description": "What one question found: `Answer.to_dict()`.",
        "required": [
            "ask",
            "version",
            "settings",
            "figures",
            "tables",
            "series",
            "said",
            "limits",
            "sources",
            "files",
        ],
        "properties": {
            "ask": _TEXT,
            "version": _TEXT,
            "settings": _ANY,
            "figures": _ANY,
            "tables": _ANY,
            "series": _ANY,
            "said": {"type": "array", "items": {"$ref": "#/components/schemas/Said"}},
            "limits": {"type": "array", "items": {"$ref": "#/components/schemas/Said"}},
            "sources": _ANY,
            "files": {"type": "array", "items": _TEXT},
        },
        "additionalProperties": True,
    },
    "Said": {
        "type": "object",
        "description": "A sentence for a person, in both languages.",
        "required": ["code", "text", "text_zh"],
        "properties": {"code": _TEXT, "text": _TEXT, "text_zh": _TEXT},
    },
    "Job": {
        "type": "object",
        "required": ["id", "ask", "state", "progress", "result", "problem"],
        "properties": {
            "id": _TEXT,
            "ask": _TEXT,
            "state": {"type": "string", "enum": list(STATES)},
            "progress": {
                "type": "object",
                "required": ["step", "steps", "attempts"],
                "properties": {
                    "step": _TEXT,
                    "steps": {"type": "integer"},
                    "attempts": {"type": "integer"},
                },
            },
            "result": {"type": ["string", "null"], "description": "Address of the answer."},
            "problem": {"anyOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]},
        },
        "additionalProperties": False,
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457, with the same words as the command line.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "hint": _TEXT,
            "problems": {"type": "array", "items": _ANY},
        },
        "additionalProperties": True,
    },
    "Upload": {
        "type": "object",
        "required": ["id", "name", "bytes", "setting"],
        "properties": {
            "id": _TEXT,
            "name": _TEXT,
            "bytes": {"type": "integer"},
            "setting": {"type": "string", "description": "What a setting that is a file takes."},
        },
        "additionalProperties": False,
    },
}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _ref(name)}}}


def _problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {
        code: {"description": "problem", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
        for code in codes
    }


_LANG = {
    "name": "lang",
    "in": "query",
    "required": False,
    "description": "Language of labels and errors; keys stay English.",
    "schema": {"type": "string", "enum": list(LANGUAGES)},
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`respond-async` makes a job of a short question; `keep` keeps its answer by hash.",
    "schema": {"type": "string"},
}
_AGAIN = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key begins the same job once, however often it is sent.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,100}$"},
}

router = APIRouter(prefix=PREFIX)


def service_of(request: Request) -> Service:
    """The service behind a request."""
    found: Service = request.app.state.service
    return found


def _only(request: Request, *names: str) -> None:
    """Refuse query parameters that nothing reads: a typing error must not pass in silence."""
    for name in request.query_params:
        if name not in names:
            raise Problem(
                400, _("there is no parameter {name}.").format(name=repr(name[:80])),
                _("known: {names}").format(names=listing(names) or "-"),
            )  # fmt: skip


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, _("the body is not application/json."), "Content-Type: application/json")
    return json_of(await request.body())


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= 100 and key.isascii() and all(c.isalnum() or c in "._-" for c in key)):
        raise Problem(
            400, _("the Idempotency-Key is not 1 to 100 letters, digits, dots or dashes.")
        )
    return key


def _preferred(request: Request) -> set[str]:
    return {p.split(";")[0].strip() for p in request.headers.get("prefer", "").split(",")}


def _accepted(job: Job) -> Response:
    return Response(
        json.dumps(job.to_dict(), ensure_ascii=False),
        202,
        media_type="application/json",
        headers={"Location": f"{PREFIX}/jobs/{job.id}", "Cache-Control": "no-store"},
    )


def _answered(content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        content,
        media_type="application/json",
        headers={
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "Content-Language": language(),
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


def _route(flat: str, declared: Declared) -> Callable[[Request], Any]:
    async def answered(request: Request) -> Response:
        _only(request, "lang")
        service = service_of(request)
        given = await _body(request)
        key = _key(request)
        prefer = _preferred(request)
        if declared.long or "respond-async" in prefer:
            owner = request.scope["state"].get("owner", "")
            return _accepted(await service.job(declared.name, given, owner, key))
        content = await service.answer(declared.name, given)
        if "keep" in prefer:
            name = await service.keep(declared.flat, content)
            return _answered(content, {"Content-Location": f"{PREFIX}/results/{name}"})
        return _answered(content)

    answered.__name__ = flat
    return answered


def _add_asks() -> None:
    for flat, declared in asks_by_name().items():
        responses = _problems(400, 401, 404, 413, 415, 422, 429, 501)
        done: dict[int | str, Any] = {}
        if not declared.long:
            done[200] = _json("Answer", "the answer")
        router.add_api_route(
            f"/{flat}",
            _route(flat, declared),
            methods=["POST"],
            operation_id=flat,
            summary=in_language(declared.help, "en"),
            tags=["asks"],
            status_code=202 if declared.long else 200,
            response_class=Response,
            responses={**done, 202: _json("Job", "a job was begun"), **_problems(409), **responses},
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": body_schema(declared.name)}},
                },
                "parameters": [_LANG, _PREFER, _AGAIN],
            },
        )


def _plain(value: Any) -> Response:
    return Response(
        json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


_JOB = {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}


@router.get(
    "/jobs/{job_id}", response_class=Response, tags=["jobs"], operation_id="job",
    responses={200: _json("Job", "the job"), **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def job_state(request: Request, job_id: str) -> Response:
    """How far a job is, and where its answer will be."""
    _only(request, "lang")
    job = await service_of(request).jobs.get(job_id, request.scope["state"].get("owner", ""))
    return _plain(job.to_dict())


@router.delete(
    "/jobs/{job_id}", response_class=Response, tags=["jobs"], operation_id="cancel",
    responses={200: _json("Job", "the job as it is now"), **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def job_cancelled(request: Request, job_id: str) -> Response:
    """Stop a job. Twice is the same as once; a job that is over stays as it is."""
    _only(request, "lang")
    job = await service_of(request).jobs.cancel(job_id, request.scope["state"].get("owner", ""))
    return _plain(job.to_dict())


@router.get(
    "/jobs/{job_id}/events", response_class=Response, tags=["jobs"], operation_id="events",
    responses={
        200: {
            "description": "the job after every change, as server-sent events, until it is over",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **_problems(400, 401, 404, 429),
    },
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def job_events(request: Request, job_id: str) -> Response:
    """The job now and after every change; the line closes when it is over."""
    _only(request, "lang")
    owner = request.scope["state"].get("owner", "")
    jobs = await service_of(request).jobs.follow(job_id, owner)

    async def lines() -> AsyncIterator[str]:
        number = 0
        async for job in jobs:
            if job is None:
                yield ": still here\n\n"
                continue
            number += 1
            event = job.state if job.over else "progress"
            data = json.dumps(job.to_dict(), ensure_ascii=False)
            yield f"id: {number}\nevent: {event}\ndata: {data}\n\n"

    return StreamingResponse(
        lines(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get(
    "/results/{name}", response_class=Response, tags=["results"], operation_id="result",
    responses={
        200: _json("Answer", "the answer, the same for ever"),
        304: {"description": "you have it"},
        **_problems(400, 401, 404, 429),
    },
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def result(request: Request, name: str) -> Response:
    """An answer by the hash of its bytes."""
    _only(request, "lang")
    tag = f'"{name}"'
    content = await service_of(request).result(name)
    if content is None:
        raise Problem(
            404, _("there is no result {hash}.").format(hash=repr(name[:80])),
            _("a result is named by the 64 hexadecimal digits of its hash"),
        )  # fmt: skip
    headers = {"ETag": tag, "Cache-Control": ALWAYS}
    had = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    if tag in had or "*" in had:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


@router.post(
    "/uploads", response_class=Response, status_code=201, tags=["uploads"], operation_id="upload",
    responses={201: _json("Upload", "what was kept"), **_problems(400, 401, 413, 415, 429)},
    openapi_extra={
        "parameters": [
            _LANG,
            {
                "name": "name", "in": "query", "required": True,
                "description": "Its name; the ending says what it is: " + " ".join(ENDINGS),
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)  # fmt: skip
async def upload(request: Request) -> Response:
    """Send a file: its bytes are the body. They are streamed to a sealed folder and known by their hash."""
    _only(request, "lang", "name")
    name = request.query_params.get("name", "")
    if not 1 <= len(name) <= 200:
        raise Problem(400, _("the upload has no name."), "POST /api/v1/uploads?name=log.csv")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/octet-stream":
        raise Problem(
            415,
            _("the body is not application/octet-stream."),
            "Content-Type: application/octet-stream",
        )
    kept = await service_of(request).uploads.take(name, request.stream())
    return Response(json.dumps(kept.to_dict()), 201, media_type="application/json")


_LIST = {"content": {"application/json": {"schema": {"type": "array", "items": _ANY}}}}
_OBJECT = {"content": {"application/json": {"schema": _ANY}}}


@router.get(
    "/asks", response_class=Response, tags=["known"], operation_id="asks",
    responses={200: {"description": "every question", **_LIST}, **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def asks(request: Request) -> Response:
    """The questions that can be asked here."""
    _only(request, "lang")
    code = language()
    return _plain(
        [
            {
                "name": flat,
                "help": in_language(one.help, code),
                "long": one.long,
                "schema": f"{PREFIX}/schema/{flat}.json",
            }
            for flat, one in asks_by_name().items()
        ]
    )


@router.get(
    "/schema/{name}.json", response_class=Response, tags=["known"], operation_id="schema",
    responses={200: {"description": "JSON Schema of a body", **_OBJECT}, **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def schema(request: Request, name: str) -> Response:
    """JSON Schema of the settings of a question, with labels in the language asked for."""
    _only(request, "lang")
    if name not in asks_by_name():
        raise Problem(
            404, _("there is no question {name}.").format(name=repr(name[:80])), "GET /api/v1/asks"
        )
    declared = declared_of(name)
    made = {"$schema": schema_of(name)["$schema"]} | body_schema(declared.name, language())
    return _plain(made)


@router.get(
    "/sources", response_class=Response, tags=["known"], operation_id="sources",
    responses={200: {"description": "the bibliography", **_LIST}, **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def sources(request: Request) -> Response:
    """Every source behind the figures."""
    from taotie.app.api.known import every_source

    _only(request, "lang")
    return _plain(every_source())


@router.get(
    "/sources/{key}", response_class=Response, tags=["known"], operation_id="source",
    responses={200: {"description": "one source", **_OBJECT}, **_problems(400, 401, 404, 429)},
    openapi_extra={"parameters": [_LANG]},
)  # fmt: skip
async def source(request: Request, key: str) -> Response:
    """One source, with what it says and how to cite it."""
    from taotie.app.api.known import one_source

    _only(request, "lang")
    found = one_source(key)
    if found is None:
        raise Problem(
            404, _("there is no source {name}.").format(name=repr(key[:80])), "GET /api/v1/sources"
        )
    return _plain(found)


_add_asks()
