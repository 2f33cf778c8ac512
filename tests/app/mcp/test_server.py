"""The assistant's door, with the SDK's own client: tools, accounts, answers and sources as resources."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("mcp", reason="mcp is not installed")

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client

from taotie.app.api.bodies import asks_by_name
from taotie.app.mcp.server import make_server

QUICK = {"model": "llama-3.1-8b", "on": "h100-sxm:1", "samples": 200}


@pytest.fixture(scope="module")
def assistant() -> Iterator[tuple[BlockingPortal, Any]]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(make_server())) as made,
    ):
        yield portal, made


def test_worked_tools_are_the_questions_with_their_settings(assistant: Any) -> None:
    portal, client = assistant
    tools = {one.name: one for one in portal.call(client.list_tools).tools}
    assert set(tools) == set(asks_by_name())
    schema = tools["prompt"].input_schema
    assert schema["additionalProperties"] is False
    assert "requests_out" not in tools["simulate"].input_schema["properties"]


def test_worked_an_account_has_ranges_and_citations(assistant: Any) -> None:
    portal, client = assistant
    told = portal.call(client.call_tool, "prompt", QUICK)
    text = told.content[0].text
    assert "Wh/request [" in text
    assert "facility, modelled" in text
    assert "Sources:" in text
    figures = {row["key"]: row for row in told.structured_content["figures"]}
    assert figures["energy_per_request"]["range"]
    whole = portal.call(client.read_resource, told.structured_content["answer"])
    assert json.loads(whole.contents[0].text)["ask"] == "prompt"


def test_worked_sources_are_resources(assistant: Any) -> None:
    portal, client = assistant
    every = portal.call(client.list_resources).resources
    assert len(every) > 50
    one = portal.call(client.read_resource, "taotie://sources/devries2023")
    read = json.loads(one.contents[0].text)
    assert "de Vries" in read["citation"]
    assert read["figures"]


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("prompt", {"tokens_in": "3 kg"}, "mass"),
        ("prompt", {"model": "/etc/passwd"}, "model"),
        ("run", {"study": "/etc/passwd"}, "file"),
        ("prompt", {"modell": "x"}, "modell"),
    ],
)
def test_error_a_mistake_comes_back_in_words(
    assistant: Any, name: str, settings: dict[str, Any], says: str
) -> None:
    portal, client = assistant
    told = portal.call(client.call_tool, name, settings)
    assert told.is_error
    assert says in told.content[0].text


def test_error_no_such_tool_or_resource(assistant: Any) -> None:
    from mcp.shared.exceptions import MCPError

    portal, client = assistant
    with pytest.raises(MCPError):
        portal.call(client.call_tool, "nonsense", {})
    for uri in ("taotie://sources/none", "taotie://answers/00", "file:///etc/passwd"):
        with pytest.raises(MCPError):
            portal.call(client.read_resource, uri)


def test_worked_over_standard_input(tmp_path: Any) -> None:
    """The command itself, as an assistant starts it."""
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = StdioServerParameters(
        command=sys.executable, args=["-m", "taotie", "mcp"], env=dict(os.environ), cwd=tmp_path
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(stdio_client(server))) as client,
    ):
        told = portal.call(client.call_tool, "rules", {"mw": 75, "place": "ercot"})
        assert not told.is_error
        assert client.server_info.name == "taotie" if hasattr(client, "server_info") else True


@pytest.mark.slow
def test_worked_over_http(tmp_path: Any) -> None:
    import re
    import socket
    import subprocess
    import time

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "taotie", "mcp", "--port", str(port)],
        stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        address = re.findall(r"http://\S+", process.stderr.readline())[0]
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(Client(address)) as client,
        ):
            told = portal.call(client.call_tool, "rules", {"mw": 75, "place": "ercot"})
            assert not told.is_error
    finally:
        process.terminate()
        process.wait(20)
