"""`taotie mcp`: the questions as tools for an assistant, over standard input or HTTP."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from taotie.errors import MissingExtraError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add `taotie mcp`."""

    @app.command(
        help=_("Tools for an assistant (Model Context Protocol), over standard input or --port.")
    )
    def mcp(
        port: Annotated[
            int | None, typer.Option("--port", min=0, max=65535, help=_("Streamable HTTP on this port, under /mcp."))
        ] = None,
        host: Annotated[
            str, typer.Option("--host", help=_("Address to listen on; 0.0.0.0 is every network."))
        ] = "127.0.0.1",
        workers: Annotated[
            int, typer.Option("--workers", min=1, max=256, help=_("Processes that answer."))
        ] = 1,
    ) -> None:  # fmt: skip
        try:
            from taotie.app.mcp.server import make_server
        except ImportError as error:
            if error.name is not None and error.name.startswith("taotie"):
                raise
            raise MissingExtraError(error.name or "mcp", "mcp") from error
        server = make_server(workers=workers)
        if port is None:
            import anyio
            from mcp.server.stdio import stdio_server

            async def listen() -> None:
                async with stdio_server() as (incoming, outgoing):
                    await server.run(incoming, outgoing, server.create_initialization_options())

            anyio.run(listen)
            return
        import uvicorn

        # the SDK refuses other hosts and origins where it listens on this machine alone
        application = server.streamable_http_app(host=host)
        sys.stderr.write(
            _("taotie listens on {address}").format(address=f"http://{host}:{port}/mcp") + "\n"
        )
        uvicorn.run(application, host=host, port=port, access_log=False, log_level="warning")
