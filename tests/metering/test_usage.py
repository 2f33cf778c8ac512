"""Tokens of agents, clients and exports in one normal form; no call twice, none lost."""

from __future__ import annotations

import json
from types import SimpleNamespace as Box

import pytest

from taotie.answer.meter_usage import usage_answer, usage_report
from taotie.errors import MeterError
from taotie.metering.agent_log import claude_code_folder, read_claude_code, read_codex
from taotie.metering.client_hook import ClientHook, calls_of_program, watch
from taotie.metering.usage import Usage, normal_usage
from taotie.metering.usage_export import read_usage

OPENAI = {"prompt_tokens": 1200, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1000},
          "completion_tokens_details": {"reasoning_tokens": 200}}  # fmt: skip
ANTHROPIC = {
    "input_tokens": 200,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 1000,
    "output_tokens": 300,
}


def test_published_normal_forms() -> None:
    assert normal_usage(OPENAI) == Usage(200, 0, 1000, 300, 200)
    assert normal_usage(ANTHROPIC) == Usage(200, 100, 1000, 300, 0)
    assert normal_usage(ANTHROPIC).prompt == 1300
    responses = {"input_tokens": 1200, "input_tokens_details": {"cached_tokens": 1000}, "output_tokens": 300,
                 "output_tokens_details": {"reasoning_tokens": 200}}  # fmt: skip
    assert normal_usage(responses) == normal_usage(OPENAI)
    gemini = {
        "promptTokenCount": 1200,
        "cachedContentTokenCount": 1000,
        "candidatesTokenCount": 100,
        "thoughtsTokenCount": 200,
    }
    assert normal_usage(gemini) == Usage(200, 0, 1000, 300, 200)
    assert normal_usage({"prompt_eval_count": 7, "eval_count": 3}) == Usage(7, 0, 0, 3, 0)


@pytest.mark.parametrize(
    "raw",
    [
        {"total": 5},
        {"prompt_tokens": -1},
        {"prompt_tokens": "many"},
        {"prompt_tokens": 5, "cached_tokens": 9},
    ],
)
def test_error_usage_that_cannot_be(raw) -> None:
    with pytest.raises(MeterError, match="usage:"):
        normal_usage(raw)


def assistant(uid, output, request="r", stop=None, session="s1", model="claude-opus-4-5", **more):
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 1000, "output_tokens": output,
             "iterations": [{"output_tokens": 9999}], "cache_creation": {"ephemeral_5m_input_tokens": 10}}  # fmt: skip
    return json.dumps({"type": "assistant", "timestamp": "2026-03-01T10:00:00.000Z", "sessionId": session, "cwd": "/home/me/project",
                       "requestId": request, "message": {"id": uid, "model": model, "usage": usage, "stop_reason": stop}, **more})  # fmt: skip


def test_published_largest_output_of_a_call_stands(tmp_path) -> None:
    """ccusage 888, claude-code 91775: 301 tokens, not 728 (per line) or 216 (the first)."""
    rows = [assistant("1", 5), assistant("1", 90, stop="end_turn")] + [
        assistant("2", 211, stop="end_turn")
    ] * 3
    (tmp_path / "s1.jsonl").write_text(
        "\n".join([json.dumps({"type": "user", "message": {"content": "secret words"}}), *rows])
        + "\n"
    )
    calls, said = read_claude_code(tmp_path)
    assert sum(c.usage.output for c in calls) == 301
    assert [c.usage.cache_write for c in calls] == [10, 10]
    assert not said
    assert "secret" not in repr(calls)


def test_replay_subagents_count_and_open_ends_are_at_least(tmp_path) -> None:
    """token-monitor 63, claude-code 84223: subagents write their own files; some never get a final count."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "s1.jsonl").write_text(
        assistant("1", 100, stop="end_turn") + "\n" + '{"type": "assis'
    )
    deep = tmp_path / "p" / "s1" / "subagents"
    deep.mkdir(parents=True)
    (deep / "agent-1.jsonl").write_text(
        assistant("9", 50, isSidechain=True) + "\n" + assistant("10", 1, model="<synthetic>") + "\n"
    )
    calls, said = read_claude_code(tmp_path)
    assert sorted((c.usage.output, c.at_least) for c in calls) == [(50, True), (100, False)]
    assert {c.session for c in calls} == {"s1"}
    assert {s.code for s in said} == {"output_at_least", "lines_not_read"}


def test_worked_the_folder_follows_the_environment(tmp_path) -> None:
    assert claude_code_folder({"CLAUDE_CONFIG_DIR": str(tmp_path)}) == tmp_path / "projects"
    with pytest.raises(MeterError, match="does not exist"):
        read_claude_code(tmp_path / "none")


def test_replay_codex_totals_are_differenced(tmp_path) -> None:
    def row(prompt, cached, output, reasoning=0):
        total = {
            "input_tokens": prompt,
            "cached_input_tokens": cached,
            "output_tokens": output,
            "reasoning_output_tokens": reasoning,
        }
        return json.dumps(
            {
                "timestamp": "2026-03-01T10:00:00Z",
                "payload": {"type": "token_count", "info": {"total_token_usage": total}},
            }
        )

    rows = [
        json.dumps({"payload": {"model": "gpt-5", "cwd": "/p"}}),
        row(100, 0, 10),
        row(100, 0, 10),
        row(300, 90, 30, 5),
        row(50, 0, 4),
    ]
    (tmp_path / "rollout-1.jsonl").write_text("\n".join(rows) + "\n")
    calls, _said = read_codex(tmp_path)
    assert sum(c.usage.output for c in calls) == 34
    assert sum(c.usage.prompt for c in calls) == 350
    assert {c.model for c in calls} == {"gpt-5"}
    assert read_usage(tmp_path / "rollout-1.jsonl")[0] == calls


EXPORTS = {
    "openai.json": {"object": "page", "data": [{"object": "bucket", "start_time": 1_767_225_600, "end_time": 1_767_312_000, "results": [
        {"input_tokens": 1200, "input_cached_tokens": 1000, "output_tokens": 300, "num_model_requests": 4, "model": "gpt-5", "project_id": "p", "user_id": None}]}]},
    "anthropic.json": {"data": [{"starting_at": "2026-01-01T00:00:00Z", "results": [
        {"uncached_input_tokens": 200, "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40}, "cache_read_input_tokens": 900,
         "output_tokens": 300, "model": "claude-opus-4-5", "workspace_id": "w"}]}]},
    "gemini.jsonl": {"createTime": "2026-01-01T00:00:00Z", "modelVersion": "gemini-2.5-pro", "usageMetadata": {"promptTokenCount": 1200, "candidatesTokenCount": 300}},
    "litellm.json": [{"request_id": "x", "startTime": "2026-01-01T00:00:00", "model": "gpt-5", "prompt_tokens": 1200, "completion_tokens": 300, "user": "ann"}],
    "langfuse.jsonl": {"id": "o", "startTime": "2026-01-01T00:00:00Z", "model": "gpt-5", "usageDetails": {"input": 200, "input_cached_tokens": 1000, "output": 100, "output_reasoning_tokens": 200, "total": 1500}},
    "observations.jsonl": {"id": "o", "timestamp": "2026-01-01T00:00:00Z", "model": "gpt-5", "inputUsage": 1200, "outputUsage": 300, "totalUsage": 1500},
    "helicone.jsonl": {"request_created_at": "2026-01-01T00:00:00Z", "request_model": "gpt-5", "prompt_tokens": 1200, "completion_tokens": 300},
    "response.jsonl": {"created": 1_767_225_600, "response": {"model": "gpt-5", "usage": OPENAI}},
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_replay_exports_of_use(name: str, tmp_path) -> None:
    (tmp_path / name).write_text(json.dumps(EXPORTS[name]) + "\n")
    (call,), _said = read_usage(tmp_path / name)
    assert (call.usage.prompt, call.usage.output) == (1200, 300)
    assert call.model
    assert call.t_ns >= 1_767_225_600 * 10**9


def test_replay_openrouter_csv_and_rows_without_tokens(tmp_path) -> None:
    (tmp_path / "activity.csv").write_text(
        "generation_id,created_at,model_permaslug,tokens_prompt,tokens_completion,tokens_reasoning,cost_total\n"
        "g1,2026-01-01 10:00:00,anthropic/claude-sonnet-4.5,1200,300,0,0.01\ng2,2026-01-01 10:00:00,x,,,,\n"
    )
    (call,), said = read_usage(tmp_path / "activity.csv")
    assert (call.usage.prompt, call.usage.output) == (1200, 300)
    assert [s.code for s in said] == ["rows_without_tokens"]
    page = EXPORTS["openai.json"] | {"has_more": True}
    (tmp_path / "page.json").write_text(json.dumps(page))
    assert "more_pages" in {s.code for s in read_usage(tmp_path / "page.json")[1]}
    (tmp_path / "none.json").write_text('{"a": 1}')
    with pytest.raises(MeterError, match="no call"):
        read_usage(tmp_path / "none.json")


# --- clients


def test_replay_clients_of_openai_and_anthropic() -> None:
    answer = Box(
        model="gpt-5-2025",
        usage=Box(
            prompt_tokens=10, completion_tokens=5, prompt_tokens_details=Box(cached_tokens=4)
        ),
    )
    message = Box(model="claude", usage=Box(**ANTHROPIC))
    client = Box(
        chat=Box(completions=Box(create=lambda **_k: answer)),
        messages=Box(create=lambda **_k: message),
    )
    before = client.chat.completions.create
    with ClientHook(client) as hook:
        assert client.chat.completions.create(model="gpt-5") is answer
        client.messages.create(model="claude")
    assert client.chat.completions.create is before
    assert [c.usage for c in hook.calls] == [Usage(6, 0, 4, 5, 0), Usage(200, 100, 1000, 300, 0)]
    assert answer.taotie.model == "gpt-5-2025"


def test_replay_streams_are_followed_to_their_end() -> None:
    events = [
        Box(
            message=Box(
                model="claude",
                usage=Box(input_tokens=200, cache_read_input_tokens=9, output_tokens=1),
            )
        ),
        Box(delta="x"),
        Box(usage=Box(output_tokens=300)),
    ]
    client = Box(messages=Box(create=lambda **_k: iter(events)))
    with ClientHook(client) as hook:
        assert len(list(client.messages.create(model="claude", stream=True))) == 3
    assert hook.calls[0].usage == Usage(200, 0, 9, 300, 0)


def test_replay_an_asynchronous_client() -> None:
    import asyncio

    async def create(**_k):
        return Box(model="m", usage={"prompt_tokens": 3, "completion_tokens": 2})

    client = Box(chat=Box(completions=Box(create=create)))
    with ClientHook(client) as hook:
        asyncio.run(client.chat.completions.create(model="m"))
    assert hook.calls[0].usage.output == 2


class Stream:
    """A stream as both packages make it: its parts come from `_iterator`, and it can be closed and entered."""

    def __init__(self, events):
        self._iterator, self.response = iter(events), "open"

    def __iter__(self):
        yield from self._iterator

    def __enter__(self):
        return self

    def __exit__(self, *_error): ...


class Client:
    """The core of both packages' clients: every resource posts, every post is a request."""

    def __init__(self, answer):
        self.answer = answer
        self.messages = Box(create=lambda **asked: self.post("/messages", asked), stream=lambda **asked: self.post("/messages", asked, stream=True))  # fmt: skip

    def post(self, url, body, stream=False):
        return self.request(object, Box(url=url, json_data=body), stream=stream)

    def request(self, _kind, _options, *, stream=False):
        return self.answer(stream)


def test_replay_helpers_raw_answers_and_silent_streams_of_a_client() -> None:
    """Streams keep their kind, a helper beside `create` counts, and a call that tells no tokens is one at least."""
    message = Box(model="claude", usage=Box(**ANTHROPIC))
    parts = [Box(message=message), Box(usage=Box(output_tokens=301))]
    client = Client(lambda stream: Stream(parts) if stream else message)
    with ClientHook(client) as hook:
        client.messages.create(model="claude")
        with client.messages.stream(model="claude") as stream:
            assert (len(list(stream)), stream.response) == (2, "open")
        client.answer = lambda stream: Stream([Box(delta="x")])
        list(client.messages.stream(model="claude"))
        client.answer = lambda stream: Box(parse=lambda: message, http_response=Box(is_closed=True))
        client.messages.create(model="claude")
        client.answer = lambda stream: Box(parse=list, http_response=Box(is_closed=False))
        client.messages.create(model="claude")
        client.answer = lambda stream: Stream(parts)
        next(iter(client.messages.stream(model="claude")))  # left before its end
    assert "request" not in vars(client) or client.request.__func__ is Client.request
    assert [c.usage.output for c in hook.calls] == [300, 301, 0, 300, 0, 300]
    assert [c.at_least for c in hook.calls] == [False, False, True, False, True, True]
    assert hook.without_usage == 2
    told = usage_answer(hook.calls, {}).said
    assert "calls_without_usage" in {one.code for one in told}


FAKE = """
class _Calls:
    def create(self, **asked):
        if asked.get("stream"):
            return iter([{"x": 1}])
        from types import SimpleNamespace as Box
        return Box(model=asked["model"], usage={"prompt_tokens": 10, "completion_tokens": 5})
class OpenAI:
    def __init__(self):
        from types import SimpleNamespace as Box
        self.chat = Box(completions=_Calls())
class AzureOpenAI(OpenAI):
    def __init__(self):
        super().__init__()
"""
PROGRAM = """
import sys
from openai import AzureOpenAI, OpenAI
print("said by the program")
for client in (OpenAI(), AzureOpenAI()):
    for _ in range(int(sys.argv[1])):
        client.chat.completions.create(model="gpt-4o")
"""


def test_replay_a_program_is_watched_to_its_end(tmp_path, monkeypatch, capsys) -> None:
    """Every client it makes, each once; what it prints leaves standard output alone; nothing stays hooked."""
    import importlib
    import sys

    (tmp_path / "openai.py").write_text(FAKE)
    (tmp_path / "mine.py").write_text(PROGRAM)
    (tmp_path / "bad.py").write_text("raise ValueError('no key')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "openai", raising=False)
    before = importlib.import_module("openai").OpenAI.__init__
    calls = calls_of_program(tmp_path / "mine.py", ["3"])
    assert [c.usage.output for c in calls] == [5] * 6
    assert importlib.import_module("openai").OpenAI.__init__ is before
    assert capsys.readouterr().out == ""
    with pytest.raises(MeterError, match=r"ValueError: no key"):
        calls_of_program(tmp_path / "bad.py")
    with pytest.raises(MeterError, match="not there"):
        calls_of_program(tmp_path / "none.py")
    made = usage_report(program=tmp_path / "mine.py", arguments=["1"])
    assert made.own["calls"] == 2
    assert made.own["tokens"]["output"] == 10
    sys.modules.pop("openai", None)


def test_error_a_client_without_calls() -> None:
    with pytest.raises(MeterError, match="no call that is known"):
        watch(Box())
