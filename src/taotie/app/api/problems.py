"""How does a mistake look on a network? The command's own words as `application/problem+json` (RFC 9457) or a page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from taotie.errors import MissingExtraError, StudyError, TaotieError, nearest
from taotie.words.language import N_, _, language

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["Problem", "add_handlers", "problem_of", "problem_response", "refused_response"]

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: N_("The request cannot be read"),
    401: N_("An API key is needed"),
    403: N_("Not allowed here"),
    404: N_("There is nothing here"),
    405: N_("Not with this method"),
    406: N_("Not in this form"),
    409: N_("It is in another state"),
    410: N_("It is no longer kept"),
    411: N_("The length is missing"),
    412: N_("It has changed"),
    413: N_("Too large"),
    415: N_("Not in this form"),
    421: N_("Not this host"),
    422: N_("The settings do not fit"),
    429: N_("Too many requests"),
    431: N_("Too large"),
    499: N_("It was stopped"),
    500: N_("A mistake of ours"),
    501: N_("Not installed here"),
    503: N_("Busy"),
    504: N_("It took too long"),
}


class Problem(Exception):
    """Something a request cannot have, with its status and its words."""

    def __init__(
        self, status: int, detail: str, hint: str = "", headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})
        self.more = more


def problem_of(error: BaseException) -> dict[str, Any]:
    """An error as the members of a problem."""
    if isinstance(error, Problem):
        status, kind = error.status, "Problem"
        detail, hint, more = error.detail, error.hint, error.more
    elif isinstance(error, TaotieError):
        status = 501 if isinstance(error, MissingExtraError) else 422
        kind, detail, hint, more = type(error).__name__, error.message, error.hint, {}
        if isinstance(error, StudyError):
            more = {"problems": [{"message": p.message, "hint": p.hint} for p in error.problems]}
    else:
        # never an exception's own words: they may hold what a user wrote, or paths of this machine
        status, kind = 500, "InternalError"
        detail, hint, more = _("This should not happen; the log of the service knows more."), "", {}
    made: dict[str, Any] = {
        "type": f"urn:taotie:problem:{_dashed(kind) if kind != 'Problem' else status}",
        "title": _(TITLES.get(status, TITLES[400])),
        "status": status,
        "detail": detail,
    }
    if hint:
        made["hint"] = hint
    return made | more


def _dashed(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def problem_response(
    problem: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response of its status."""
    return Response(
        json.dumps(problem, ensure_ascii=False),
        status_code=int(problem["status"]),
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language(), "Cache-Control": "no-store", **(headers or {})},
    )


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks for a page, rather than a program for data."""
    path = request.url.path
    if path.startswith(("/api/", "/metrics", "/healthz", "/mcp")):
        return False
    return "text/html" in request.headers.get("accept", "")


def _shown(request: Request, problem: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    if not wants_page(request):
        return problem_response(problem, headers)
    made = getattr(request.app.state, "error_page", _plain_page)(request, problem)
    return Response(
        made,
        status_code=int(problem["status"]),
        media_type="text/html",
        headers={"Content-Language": language(), "Cache-Control": "no-store", **headers},
    )


def refused_response(request: Request, problem: Mapping[str, Any]) -> Response:
    """A problem that a working process found, in the form this client reads."""
    return _shown(request, problem, {})


def _plain_page(_request: Request, problem: Mapping[str, Any]) -> str:
    code = {"zh": "zh-Hans"}.get(language(), language())
    title = html.escape(problem["title"])
    said = "".join(
        f"<p>{html.escape(str(problem[key]))}</p>" for key in ("detail", "hint") if problem.get(key)
    )
    return (
        f'<!doctype html><html lang="{code}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><main><h1>{title}</h1>{said}</main></html>"
    )


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Every method an address takes: its routes may be several, one a method."""
    from starlette.routing import Match

    found: set[str] = set()
    for route in app.router.routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            found |= set(getattr(route, "methods", None) or ())
    return found


def _addresses(app: FastAPI, request: Request) -> list[str]:
    """Addresses without a part to fill in, of the kind asked for: pages with their language, or REST."""
    api = request.url.path.startswith("/api/")
    language_part = "" if api else f"/{language()}"
    found = (str(getattr(route, "path", "")) for route in app.router.routes)
    return [
        language_part + path
        for path in found
        if path.startswith("/api/") == api and "{" not in path
    ]


def add_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem or a page; nothing ends in a traceback."""

    @app.exception_handler(Problem)
    async def own(request: Request, error: Problem) -> Response:
        return _shown(request, problem_of(error), error.headers)

    @app.exception_handler(TaotieError)
    async def users(request: Request, error: TaotieError) -> Response:
        return _shown(request, problem_of(error), {})

    @app.exception_handler(HTTPException)
    async def web(request: Request, error: HTTPException) -> Response:
        detail = {
            404: _("Nothing is at {path}."),
            405: _("{path} does not take {method}."),
        }.get(error.status_code, _("The request cannot be read."))
        detail = detail.format(path=request.url.path[:200], method=request.method[:20])
        headers = dict(error.headers or {})
        hint = ""
        if error.status_code == 405:
            headers["Allow"] = hint = ", ".join(sorted(_methods(app, request)))
        elif error.status_code == 404:
            hint = nearest(request.url.path, _addresses(app, request))
        return _shown(request, problem_of(Problem(error.status_code, detail, hint)), headers)

    @app.exception_handler(Exception)
    async def ours(request: Request, error: Exception) -> Response:
        return _shown(request, problem_of(error), {})
