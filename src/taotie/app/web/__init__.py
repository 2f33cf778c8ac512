"""The pages of `taotie serve`: routers that the application of `app/api/server.py` stands around.

What a page may lean on, all set up before a request reaches it:

- Routers declare plain paths such as ``/check``. ``/en/check`` and ``/zh/check`` reach them with the language in
  force (`taotie.words.language.language()`); ``/check`` itself is sent on to one of them by ``Accept-Language``.
- ``request.scope["root_path"]`` is ``/en`` or ``/zh``: links begin with it. ``/static`` needs no language.
- A `TaotieError` that leaves a route becomes a page with its words (``error.html`` of `error_page`, if there is
  one) and a status; nothing else needs catching.
- ``request.app.state.service`` answers questions in processes that can be stopped: see `app/api/service.py`.
- No cookie, no inline script: the content policy of `app/api/headers.py` forbids it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["error_page", "routers"]


def routers() -> list[Any]:
    """Every router of pages, in the order they are tried."""
    from taotie.app.web.routes import router

    return [router()]


def error_page(request: Any, problem: Mapping[str, Any]) -> str:
    """A problem as a page with the menu; see `taotie.app.api.problems`."""
    from taotie.app.web.site import problem_html

    return problem_html(problem)
