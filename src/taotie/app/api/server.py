"""The application of `taotie serve`: pages, REST, health and metrics behind the same guards."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from taotie import __version__
from taotie.app import web
from taotie.app.api.headers import SecurityHeaders
from taotie.app.api.languages import Languages
from taotie.app.api.limits import Limits
from taotie.app.api.problems import add_handlers

__all__ = ["create_app"]


def create_app(limits: Limits | None = None) -> FastAPI:
    """The application, ready for any ASGI server.

    Parameters
    ----------
    limits : Limits, optional
        What one request may ask for.
    """
    app = FastAPI(
        title="taotie",
        version=__version__,
        # the pages of FastAPI load scripts from another site
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,
    )
    app.state.limits = limits or Limits()
    page = getattr(web, "error_page", None)
    if page is not None:
        app.state.error_page = page
    add_handlers(app)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, Any]:
        return {"status": "ok", "version": __version__}

    static = Path(str(files("taotie.app.web"))) / "static"
    if static.is_dir():
        app.mount("/static", StaticFiles(directory=static), name="static")
    for router in web.routers():
        app.include_router(router, include_in_schema=False)
    # the last one added stands outermost
    app.add_middleware(Languages)
    app.add_middleware(SecurityHeaders)
    return app
