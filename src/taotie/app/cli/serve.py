"""`taotie serve`: pages and REST on this machine, for browsers and other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from taotie.errors import MissingExtraError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add `taotie serve`."""

    @app.command(help=_("Pages and a REST interface, on this machine unless --host says more."))
    def serve(
        port: Annotated[int, typer.Option("--port", min=0, max=65535, help=_("TCP port."))] = 8421,
        host: Annotated[
            str, typer.Option("--host", help=_("Address to listen on; 0.0.0.0 is every network."))
        ] = "127.0.0.1",
    ) -> None:
        try:
            import uvicorn

            from taotie.app.api.server import create_app
        except ImportError as error:
            raise MissingExtraError(error.name or "fastapi", "serve") from error
        uvicorn.run(
            create_app(), host=host, port=port, access_log=False, server_header=False,
            date_header=True, log_level="warning",
        )  # fmt: skip
