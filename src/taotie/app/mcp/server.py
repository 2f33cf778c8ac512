"""The tools an assistant has: one a question, with the settings as typed schema; answers and sources as resources.

A call gives an account (every figure with its range, boundary and kind, what must be said, the citations), the
figures as structured content, and a link to the whole answer: the bytes of the command's ``--json``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from taotie import __version__
from taotie.app.api.bodies import Asked, asked, asks_by_name, body_schema
from taotie.app.api.known import every_source, one_source
from taotie.app.api.limits import Limits
from taotie.app.api.pool import Pool, Refused
from taotie.app.api.problems import Problem, problem_of
from taotie.app.api.uploads import Uploads
from taotie.errors import TaotieError
from taotie.words.language import N_, _, in_language, language, speaking

__all__ = ["Assistant", "make_server"]

SOURCES = "taotie://sources/"
ANSWERS = "taotie://answers/"
KEPT_BYTES = 64 * 1024 * 1024

INSTRUCTIONS = N_(
    "Electricity of AI, from one prompt to the power grid. Every figure has a range, a boundary and a kind (measured, "
    "modelled, estimated ...): pass them on with the number, say the defaults that were used, and cite the sources. "
    "Never give a figure without its range."
)

OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "figures": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    k: {"type": "string"}
                    for k in ("key", "name", "value", "range", "unit", "boundary", "kind")
                },
                "required": ["key", "name", "value", "range", "unit", "boundary", "kind"],
            },
        },
        "answer": {"type": "string", "description": "URI of the whole answer, a resource."},
    },
    "required": ["figures", "answer"],
}


class Assistant:
    """What stands behind the tools: processes that answer, and the answers just given."""

    def __init__(self, limits: Limits | None = None, workers: int = 1) -> None:
        self.limits = limits or Limits()
        self.workers = workers
        self.answers: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0
        self._folder: Path | None = None
        self._starting: asyncio.Lock | None = None
        self._pool: Pool | None = None
        self.uploads: Uploads

    async def pool(self) -> Pool:
        """The working processes; started with the first question, so that a client's start waits for nothing."""
        self._starting = self._starting or asyncio.Lock()
        async with self._starting:
            if self._pool is None:
                self._folder = Path(tempfile.mkdtemp(prefix="taotie-mcp-"))
                self.uploads = Uploads(
                    self._folder / "texts", self.limits.upload, self.limits.uploads
                )
                pool = Pool(
                    self.workers, self._folder / "work", memory=self.limits.memory, waiting=32
                )
                await pool.start()
                self._pool = pool
        return self._pool

    async def stop(self) -> None:
        """End the processes and leave nothing behind."""
        if self._pool is not None:
            await self._pool.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def told(self, name: str, given: Mapping[str, Any], tell: Any) -> dict[str, Any]:
        """The account and the JSON of an answer.

        Raises
        ------
        TaotieError, Problem, Refused
            In the words every door has.
        """
        made: Asked = asked(name, given, self.limits)
        pool = await self.pool()
        for file, text in made.texts.items():
            kept = await self.uploads.take(file, _once(text.encode()))
            made.files[file] = {"upload": kept.id, "name": file}
        content = await pool.run(
            {
                "do": "call", "function": "taotie.app.mcp.account:told",
                "settings": {"ask_name": made.name, "settings": made.settings},
            },
            self.limits.job_s, tell,
            place=(lambda folder: self.uploads.put(made.files, folder)) if made.files else None,
        )  # fmt: skip
        return dict(json.loads(content))

    def keep(self, text: str) -> str:
        """Keep an answer for as long as there is room; its hash."""
        name = hashlib.sha256(text.encode()).hexdigest()
        self._bytes += len(text) - len(self.answers.pop(name, ""))
        self.answers[name] = text
        while self._bytes > KEPT_BYTES and len(self.answers) > 1:
            self._bytes -= len(self.answers.popitem(last=False)[1])
        return name


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def make_server(limits: Limits | None = None, workers: int = 1) -> Server[Any]:
    """The MCP server, for any transport of the SDK."""
    assistant = Assistant(limits, workers)
    code = language()

    @asynccontextmanager
    async def lifespan(_server: Server[Any]) -> AsyncIterator[Assistant]:
        try:
            yield assistant
        finally:
            await assistant.stop()

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_tools(code))

    async def call_tool(context: Any, params: Any) -> types.CallToolResult:
        with speaking(code):
            return await _called(assistant, context, params.name, params.arguments or {})

    async def list_resources(_context: Any, _params: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=SOURCES + one["key"], name=one["key"], title=str(one["citation"])[:200],
                    mime_type="application/json",
                )
                for one in every_source()
            ]
        )  # fmt: skip

    async def list_templates(_context: Any, _params: Any) -> types.ListResourceTemplatesResult:
        with speaking(code):
            return types.ListResourceTemplatesResult(
                resource_templates=[
                    types.ResourceTemplate(
                        uri_template=SOURCES + "{key}", name="source", mime_type="application/json",
                        description=_("One source, with what it says and how to cite it."),
                    ),
                    types.ResourceTemplate(
                        uri_template=ANSWERS + "{hash}", name="answer", mime_type="application/json",
                        description=_("A whole answer just given, by the hash of its bytes."),
                    ),
                ]
            )  # fmt: skip

    async def read_resource(_context: Any, params: Any) -> types.ReadResourceResult:
        with speaking(code):
            text = _read(assistant, str(params.uri))
        return types.ReadResourceResult(
            contents=[
                types.TextResourceContents(
                    uri=str(params.uri), mime_type="application/json", text=text
                )
            ]
        )

    return Server(
        "taotie",
        version=__version__,
        title="taotie",
        instructions=in_language(INSTRUCTIONS, code),
        lifespan=lifespan,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def _tools(code: str) -> list[types.Tool]:
    return [
        types.Tool(
            name=flat,
            title=in_language(one.help, code),
            description=in_language(one.help, code),
            input_schema=body_schema(one.name, code, uploads=False),
            output_schema=OUTPUT,
            annotations=types.ToolAnnotations(
                read_only_hint=True, idempotent_hint=True, open_world_hint=False
            ),
        )
        for flat, one in asks_by_name().items()
    ]


async def _called(
    assistant: Assistant, context: Any, name: str, given: Mapping[str, Any]
) -> types.CallToolResult:
    known = asks_by_name()
    if name not in known:
        raise MCPError(
            types.INVALID_PARAMS, _("there is no question {name}.").format(name=repr(name[:80]))
        )
    steps = 0
    waiting: set[asyncio.Task[None]] = set()

    def tell(step: str) -> None:
        nonlocal steps
        steps += 1
        task = asyncio.ensure_future(context.session.report_progress(steps, None, step))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    try:
        made = await assistant.told(known[name].name, given, tell)
    except (TaotieError, Problem, Refused) as error:
        # a mistake an assistant can put right: its words, as the result of the call
        problem = error.problem if isinstance(error, Refused) else problem_of(error)
        text = "\n".join(str(problem[k]) for k in ("detail", "hint") if problem.get(k))
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)], is_error=True
        )
    await asyncio.gather(*waiting, return_exceptions=True)
    digest = assistant.keep(made["json"])
    return types.CallToolResult(
        content=[
            types.TextContent(type="text", text=made["account"]),
            types.ResourceLink(
                uri=ANSWERS + digest, name=f"{name}.json", mime_type="application/json",
                size=len(made["json"].encode()),
                description=_("A whole answer just given, by the hash of its bytes."),
            ),
        ],
        structured_content={"figures": made["rows"], "answer": ANSWERS + digest},
    )  # fmt: skip


def _read(assistant: Assistant, uri: str) -> str:
    if uri.startswith(ANSWERS) and uri.removeprefix(ANSWERS) in assistant.answers:
        return assistant.answers[uri.removeprefix(ANSWERS)]
    if uri.startswith(SOURCES):
        found = one_source(uri.removeprefix(SOURCES))
        if found is not None:
            return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    raise MCPError(
        types.INVALID_PARAMS, _("there is no resource {uri}.").format(uri=repr(uri[:120]))
    )
