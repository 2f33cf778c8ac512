"""Which language does a request speak? `/en/...` and `/zh/...`, `?lang=`, then `Accept-Language`."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse

from taotie.app.api.problems import Problem, _shown, problem_of
from taotie.words.language import LANGUAGES, _, speaking
from taotie.words.listing import listing

__all__ = ["Languages", "preferred"]

WITHOUT = ("api", "static", "mcp", "metrics", "healthz", "favicon.ico", "robots.txt")
"""First parts of paths that are the same in every language."""


def preferred(accept: str) -> str:
    """The language of ours that a browser likes best; English where it likes neither.

    Examples
    --------
    >>> preferred("de, zh-TW;q=0.8, en;q=0.5"), preferred("fr"), preferred("en;q=0, zh;q=0.1")
    ('zh', 'en', 'zh')
    """
    best, weight = "en", 0.0
    for part in accept[:500].split(","):
        tag, _sep, more = part.strip().partition(";")
        code = tag.strip().lower().split("-")[0]
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", more) if more else None
        q = 1.0 if not more else float(found.group(1)) if found else 0.0
        if code in LANGUAGES and q > weight:
            best, weight = code, q
    return best


class Languages:
    """Puts the language of a request in force; sends a page's plain address on to one with a language."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        headers = {k: v for k, v in scope["headers"] if k == b"accept-language"}
        liked = preferred(headers.get(b"accept-language", b"").decode("latin-1"))
        query = scope.get("query_string", b"")
        asked: dict[str, list[str]] = {}
        if b"lang" in query:
            with suppress(ValueError):  # more fields than any page has: their page refuses them
                asked = parse_qs(
                    query.decode("latin-1"), keep_blank_values=True, max_num_fields=200
                )
        named = asked.get("lang", [""])[-1]
        wrong = "lang" in asked and named not in LANGUAGES
        code = first if first in LANGUAGES else named if named in LANGUAGES else liked
        with speaking(code):
            if wrong:
                await self._refuse(scope, receive, send, named, [f"?lang={c}" for c in LANGUAGES])
            elif first in LANGUAGES:
                rest = path[len(first) + 1 :]
                if not rest:
                    await RedirectResponse(f"/{first}/", 308)(scope, receive, send)
                    return
                inner = dict(scope)
                inner["root_path"] = scope.get("root_path", "") + f"/{first}"
                try:
                    await self.app(inner, receive, send)
                finally:
                    # for the log and the counts of the layer outside
                    scope["route"] = inner.get("route")
            elif first in WITHOUT or scope["method"] not in ("GET", "HEAD"):
                await self.app(scope, receive, send)
            elif re.fullmatch(r"[a-z]{2}(-[A-Za-z]{2,4})?", first):
                await self._refuse(scope, receive, send, first, [f"/{c}/" for c in LANGUAGES])
            else:
                # one slash: `//host/` in a Location would lead to another site
                to = (
                    f"/{code}/"
                    + quote(path.lstrip("/\\"))
                    + (f"?{query.decode('latin-1')}" if query else "")
                )
                await RedirectResponse(
                    to, 302, headers={"Vary": "Accept-Language", "Cache-Control": "no-store"}
                )(scope, receive, send)

    @staticmethod
    async def _refuse(
        scope: MutableMapping[str, Any], receive: Any, send: Any, code: str, known: list[str]
    ) -> None:
        problem = problem_of(
            Problem(
                400 if scope["path"].startswith("/api/") else 404,
                _("{code} is not a language of taotie.").format(code=repr(code[:40])),
                _("known: {names}").format(names=listing(known)),
            )
        )
        await _shown(Request(scope), problem, {})(scope, receive, send)
