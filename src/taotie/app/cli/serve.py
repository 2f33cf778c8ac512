"""`taotie serve`: pages and REST on this machine, for browsers and other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import console
from taotie.errors import MissingExtraError, RangeError
from taotie.words.language import _
from taotie.words.reasons import reason

MB = 1024 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def register(app: typer.Typer) -> None:
    """Add `taotie serve`."""

    @app.command(help=_("Pages and a REST interface, on this machine unless --host says more."))
    def serve(
        port: Annotated[int, typer.Option("--port", min=0, max=65535, help=_("TCP port."))] = 8421,
        host: Annotated[
            str, typer.Option("--host", help=_("Address to listen on; 0.0.0.0 is every network."))
        ] = "127.0.0.1",
        folder: Annotated[
            Path | None,
            typer.Option("--folder", help=_("Where jobs, results and uploads are kept.")),
        ] = None,
        database: Annotated[
            str,
            typer.Option(
                "--database", envvar="TAOTIE_DATABASE", show_envvar=False,
                help=_("postgresql://... for jobs and results, better in TAOTIE_DATABASE; default: SQLite."),
            ),
        ] = "",
        workers: Annotated[
            int, typer.Option("--workers", min=1, max=256, help=_("Processes that answer; default: one a processor."))
        ] = max(1, os.cpu_count() or 1),
        job_workers: Annotated[
            int, typer.Option("--job-workers", min=1, max=256, help=_("Processes that do jobs."))
        ] = 1,
        scheduler: Annotated[
            str, typer.Option("--scheduler", help=_("A Dask scheduler that does the jobs, such as tcp://host:8786."))
        ] = "",
        keys: Annotated[
            Path | None, typer.Option("--keys", help=_("A file of API keys, hashed; REST then answers to these only."))
        ] = None,
        new_key: Annotated[
            str, typer.Option("--new-key", help=_("Make an API key of this name, print it and its line of the file, and end."))
        ] = "",
        allow_host: Annotated[
            list[str] | None, typer.Option("--allow-host", help=_("A name this service may be called by; may be given again."))
        ] = None,
        proxies: Annotated[
            str, typer.Option("--proxies", help=_("Addresses of proxies whose X-Forwarded-For is believed."))
        ] = "",
        rate: Annotated[
            float, typer.Option("--rate", min=0, help=_("Requests a second of one client; 0: no limit."))
        ] = 20.0,
        body: Annotated[float, typer.Option("--body", help=_("MB of a request's body."))] = 1.0,
        upload: Annotated[float, typer.Option("--upload", help=_("MB of an upload."))] = 256.0,
        samples: Annotated[int, typer.Option("--most-samples", min=100, help=_("Most samples of a figure."))] = 100_000,
        buses: Annotated[int, typer.Option("--most-buses", min=1, help=_("Most buses of a case."))] = 100_000,
        replicas: Annotated[int, typer.Option("--most-replicas", min=1, help=_("Most replicas of a fleet."))] = 10_000,
        seconds: Annotated[float, typer.Option("--seconds", help=_("Time of an answer that is waited for."))] = 20.0,
        job_seconds: Annotated[float, typer.Option("--job-seconds", help=_("Time of a job."))] = 1800.0,
        memory: Annotated[float, typer.Option("--memory", help=_("MB of memory of one process."))] = 4096.0,
        queue: Annotated[int, typer.Option("--queue", min=1, help=_("Jobs that may wait."))] = 1000,
        export: Annotated[
            Path | None, typer.Option("--export", help=_("Write the read-only pages into this new folder, for any web host, and end."))
        ] = None,
        quiet: Annotated[bool, typer.Option("--quiet", help=_("No line of log for each request."))] = False,
    ) -> None:  # fmt: skip
        try:
            import uvicorn  # noqa: F401

            from taotie.app.api.keys import Keys
            from taotie.app.api.keys import new_key as made_key
            from taotie.app.api.limits import Limits
            from taotie.app.api.service import ServiceSetup, state_folder
        except ImportError as error:
            raise MissingExtraError(error.name or "fastapi", "serve") from error
        if export is not None:
            from taotie.app.web.export import export as write_pages

            written = write_pages(export)
            console().print(
                _("{n} files written: {path}").format(n=len(written), path=export / "index.html"),
                markup=False,
            )
            return
        if new_key:
            key, line = made_key(new_key)
            console().print(_("the key, shown this once: {key}").format(key=key), markup=False)
            console().print(
                _("the line for the file of --keys: {line}").format(line=line), markup=False
            )
            return
        limits = Limits(
            body=int(body * MB), upload=int(upload * MB), samples=samples, buses=buses,
            replicas=replicas, short_s=seconds, job_s=job_seconds, memory=int(memory * MB),
            queue=queue, rate_per_s=rate, burst=max(60, round(3 * rate)),
        )  # fmt: skip
        hosts = tuple(name.lower() for name in allow_host or ())
        if host in LOOPBACK:
            # a page of another site that makes its own name lead to this machine is refused
            hosts = (*LOOPBACK, *hosts)
        setup = ServiceSetup(
            folder=folder or state_folder(), database=database, workers=workers,
            job_workers=job_workers, scheduler=scheduler,
            keys=Keys.of_file(keys) if keys else None, hosts=hosts, limits=limits,
        )  # fmt: skip
        _listen(setup, host, port, proxies, quiet)


def _listen(setup: Any, host: str, port: int, proxies: str, quiet: bool) -> None:
    """Listen until a signal; answers that are under way are finished, jobs wait for the next start."""
    import logging
    import socket
    import sys

    import uvicorn

    from taotie.app.api.guard import JsonLines
    from taotie.app.api.server import create_app

    log = logging.getLogger("taotie.serve")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    # the server's own words go the same way; its tracebacks, which may hold what a user wrote, are not written
    server_log = logging.getLogger("uvicorn")
    server_log.handlers = [handler]
    server_log.propagate = False
    server_log.setLevel(logging.WARNING)
    os.umask(0o077)  # what a service keeps is its user's alone
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise RangeError(
            _("{host}:{port} cannot be listened on: {why}.").format(
                host=host, port=port, why=reason(error)
            ),
            "taotie serve --port 0",
        ) from error
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    config = uvicorn.Config(
        create_app(setup),
        access_log=False,
        server_header=False,
        log_config=None,
        lifespan="on",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=round(setup.grace_s),
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=32 * 1024,
        ws="none",
    )
    server = uvicorn.Server(config)
    console().print(_("taotie listens on {address}").format(address=address), markup=False)
    sys.stdout.flush()
    server.run(sockets=[listening])
    if not server.started:
        sys.exit(1)
