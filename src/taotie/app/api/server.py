"""The application of `taotie serve`: pages, REST, health and metrics behind the same guards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from taotie import __version__
from taotie.app import web
from taotie.app.api.guard import Guard
from taotie.app.api.headers import SecurityHeaders
from taotie.app.api.languages import Languages
from taotie.app.api.limits import Limits
from taotie.app.api.pool import Refused
from taotie.app.api.problems import add_handlers, refused_response
from taotie.app.api.routes import SCHEMAS, router
from taotie.app.api.service import Service, ServiceSetup

__all__ = ["create_app"]

DESCRIPTION = """How much electricity AI eats: from one prompt to the power grid.

One route a question. A body holds settings by name, a number with or without its unit; the answer is the same JSON as
the command's `--json`. Long work is a job: 202, then `GET /jobs/{id}` or its events. Errors are problem+json with the
words of the command line."""


def create_app(setup: ServiceSetup | None = None, *, limits: Limits | None = None) -> FastAPI:
    """The application, ready for any ASGI server.

    Parameters
    ----------
    setup : ServiceSetup, optional
        Folder or database, processes, keys, hosts and limits.
    limits : Limits, optional
        Limits alone, with everything else as by default.
    """
    made = setup or (ServiceSetup(limits=limits) if limits else ServiceSetup())
    service = Service(made)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="taotie",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        # the pages of FastAPI load scripts from another site
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.limits = made.limits
    page = getattr(web, "error_page", None)
    if page is not None:
        app.state.error_page = page
    add_handlers(app)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return refused_response(request, error.problem)

    _add_health(app, service)
    # as routes of the application itself: what an address takes is then seen in one place
    app.router.routes.extend(router.routes)
    static = Path(str(files("taotie.app.web"))) / "static"
    if static.is_dir():
        app.mount("/static", StaticFiles(directory=static), name="static")
    for pages in web.routers():
        # pages are made by `service.call`, in processes that can be stopped
        for route in pages.routes:
            if isinstance(route, APIRoute):
                route.include_in_schema = False
        app.router.routes.extend(pages.routes)
    _publish(app)
    # the last one added stands outermost
    app.add_middleware(Languages)
    app.add_middleware(
        Guard, limits=made.limits, metrics=service.metrics, keys=made.keys, hosts=made.hosts
    )
    app.add_middleware(SecurityHeaders)
    return app


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, Any]:
        """Whether the service answers: its store is open and a process is ready."""
        jobs = await asyncio.to_thread(service.store.counts)
        return {
            "status": "ok",
            "version": __version__,
            "workers": service.pool.ready,
            "sealed": service.pool.sealed,
            "jobs": jobs,
        }

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        jobs = await asyncio.to_thread(service.store.counts)
        return Response(service.metrics.text(jobs), media_type=service.metrics.content_type)


def _publish(app: FastAPI) -> None:
    """Add our own schemas to the OpenAPI that FastAPI makes of the routes."""
    made_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = made_by_fastapi()
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            # what FastAPI adds for bodies it reads itself; ours are problems
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for operations in made["paths"].values():
                for one in operations.values():
                    found = one["responses"].get("422", {}).get("content", {})
                    if "application/json" in found:
                        del one["responses"]["422"]
            schemas.update(SCHEMAS)
            made["components"]["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer", "description": "Where the service wants one."}
            }  # fmt: skip
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
