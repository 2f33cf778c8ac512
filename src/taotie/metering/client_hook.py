"""What do the calls of this program use? Hooks for the Python clients of OpenAI and Anthropic, which keep the answers.

Each answer gets an attribute `taotie` with its tokens, and every call is kept. Streams are followed to their end.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import runpy
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from taotie.errors import MeterError
from taotie.metering.usage import Call, Usage, normal_usage
from taotie.words.language import _

__all__ = ["CLIENTS", "ClientHook", "calls_of_program", "watch"]


class ClientHook:
    """Calls of one client, as they were answered.

    Parameters
    ----------
    client : object
        `openai.OpenAI`, `anthropic.Anthropic`, or anything with `chat.completions.create`, `responses.create` or
        `messages.create`.

    Attributes
    ----------
    calls : list of Call

    Examples
    --------
    >>> from types import SimpleNamespace as Box
    >>> answer = Box(model="gpt-x", usage={"prompt_tokens": 10, "completion_tokens": 5})
    >>> client = Box(chat=Box(completions=Box(create=lambda **asked: answer)))
    >>> with ClientHook(client) as hook:
    ...     said = client.chat.completions.create(model="gpt-x")
    >>> hook.calls[0].usage.output, said.taotie.usage.new
    (5, 10)
    """

    PLACES = (
        ("chat", "completions"),
        ("completions",),
        ("responses",),
        ("messages",),
        ("embeddings",),
    )
    """Where clients without a common `request` keep their `create`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[Call] = []
        self._before: list[tuple[Any, str, Callable[..., Any]]] = []

    @property
    def without_usage(self) -> int:
        """Calls that were answered without saying their tokens: they stand in `calls` with none, as at least."""
        return sum(c.at_least and c.usage == Usage() for c in self.calls)

    def __enter__(self) -> ClientHook:
        places = [place for path in self.PLACES if (place := _place(self.client, path)) is not None]
        if places and all(callable(getattr(self.client, n, None)) for n in ("request", "post")):
            places, name = (
                [self.client],
                "request",
            )  # every call of both packages passes here, helpers and streams too
        else:
            name = "create"
        for place in places:
            first = getattr(place, name)
            self._before.append((place, name, first))
            setattr(place, name, self._watched(first))
        return self

    def __exit__(self, *_error: object) -> None:
        for place, name, first in reversed(self._before):
            setattr(place, name, first)
        self._before.clear()

    def _watched(self, first: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(first)
        def call(*arguments: Any, **named: Any) -> Any:
            answer = first(*arguments, **named)
            asked = _asked(arguments, named)
            if inspect.isawaitable(answer):
                return self._awaited(answer, asked)
            return self._seen(answer, asked)

        return call

    async def _awaited(self, answer: Any, asked: _Asked) -> Any:
        return self._seen(await answer, asked)

    def _seen(self, answer: Any, asked: _Asked) -> Any:
        """What the program gets: the answer itself; of a stream, one that is followed as it is read."""
        if asked.stream and not _raw(answer):
            inner = getattr(answer, "_iterator", None)
            if hasattr(inner, "__anext__"):
                answer._iterator = self._followed_later(inner, asked)
                return answer
            if hasattr(inner, "__next__"):
                answer._iterator = self._followed(inner, asked)
                return answer
            return self._followed_later(answer, asked) if hasattr(answer, "__aiter__") else self._followed(answer, asked)  # fmt: skip
        if _raw(answer):
            parsed = _parsed(answer)
            if parsed is None or not self._keep(parsed, asked):
                self._unknown(asked)
            return answer
        if not self._keep(answer, asked):
            self._unknown(asked)
        return answer

    def _followed(self, stream: Any, asked: _Asked) -> Iterator[Any]:
        """A stream, passed on; the usage stands in its last parts (Anthropic begins it in the first)."""
        parts = _Parts(asked)
        try:
            for event in stream:
                parts.add(event)
                yield event
            parts.ended = True
        finally:
            self._close(parts)

    async def _followed_later(self, stream: Any, asked: _Asked) -> AsyncIterator[Any]:
        parts = _Parts(asked)
        try:
            async for event in stream:
                parts.add(event)
                yield event
            parts.ended = True
        finally:
            self._close(parts)

    def _close(self, parts: _Parts) -> None:
        if parts.usage:
            usage = normal_usage(parts.usage)
            self.calls.append(Call(time.time_ns(), parts.model, usage, at_least=not parts.ended))
        else:
            self._unknown(parts.asked)

    def _unknown(self, asked: _Asked) -> None:
        if asked.counts:
            self.calls.append(Call(time.time_ns(), asked.model, Usage(), at_least=True))

    def _keep(self, answer: Any, asked: _Asked) -> bool:
        usage = _plain(getattr(answer, "usage", None))
        if not usage:
            return False
        call = Call(time.time_ns(), str(getattr(answer, "model", "") or asked.model), normal_usage(usage))  # fmt: skip
        self.calls.append(call)
        try:
            answer.taotie = call
        except (AttributeError, TypeError, ValueError):
            object.__setattr__(answer, "taotie", call)
        return True


class _Asked(NamedTuple):
    """What a call asked for: a model, as a stream or whole, and whether its kind of answer has tokens."""

    model: str
    stream: bool
    counts: bool


COUNTED = ("/chat/completions", "/completions", "/responses", "/messages", "/embeddings")
"""Ends of addresses whose answers tell their tokens."""


def _asked(arguments: tuple[Any, ...], named: dict[str, Any]) -> _Asked:
    options = arguments[1] if len(arguments) > 1 else named.get("options")
    if options is None or not hasattr(options, "url"):
        return _Asked(str(named.get("model", "")), bool(named.get("stream")), True)
    sent = getattr(options, "json_data", None)
    model = sent.get("model", "") if isinstance(sent, dict) else ""
    address = str(options.url).split("?")[0].rstrip("/")
    return _Asked(str(model), bool(named.get("stream")), address.endswith(COUNTED))


class _Parts:
    """The usage of a stream, gathered from its events."""

    def __init__(self, asked: _Asked) -> None:
        self.asked, self.model, self.ended = asked, asked.model, False
        self.usage: dict[str, Any] = {}

    def add(self, event: Any) -> None:
        for holder in (event, getattr(event, "message", None), getattr(event, "response", None)):
            if holder is None:
                continue
            usage = _plain(getattr(holder, "usage", None))
            self.usage |= {k: v for k, v in usage.items() if v is not None}
            self.model = str(getattr(holder, "model", "") or self.model)


def _place(client: Any, path: Sequence[str]) -> Any:
    for name in path:
        client = getattr(client, name, None)
    return client if client is not None and callable(getattr(client, "create", None)) else None


def _raw(answer: Any) -> bool:
    """Whether it is an answer that the program parses itself."""
    return hasattr(answer, "parse") and hasattr(answer, "http_response")


def _parsed(answer: Any) -> Any:
    """What a raw answer holds, if it was read already: reading is the program's own."""
    if not getattr(answer.http_response, "is_closed", False):
        return None
    try:
        parsed = answer.parse()
    except Exception:  # the program will meet it
        return None
    if inspect.isawaitable(parsed):
        parsed.close()  # type: ignore[attr-defined]
        return None
    return parsed


def _plain(usage: Any) -> dict[str, Any]:
    """A usage object of a client as a mapping, its details, too."""
    if usage is None:
        return {}
    if isinstance(usage, dict):
        return usage
    if hasattr(usage, "model_dump"):
        return dict(usage.model_dump())
    return {
        k: (_plain(v) if hasattr(v, "__dict__") else v)
        for k, v in vars(usage).items()
        if not k.startswith("_")
    }


def watch(client: Any) -> ClientHook:
    """Watch a client until the end of the program; `ClientHook` as a context manager stops earlier.

    Raises
    ------
    MeterError
        If it has none of the calls that are known.
    """
    hook = ClientHook(client).__enter__()
    if not hook._before:
        raise MeterError(
            _("{kind} has no call that is known.").format(kind=type(client).__name__),
            "chat.completions.create, responses.create, messages.create",
        )
    return hook


CLIENTS = {
    "openai": ("OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI"),
    "anthropic": ("Anthropic", "AsyncAnthropic"),
}
"""Classes of clients that a program is watched for, by package."""


def calls_of_program(program: str | Path, arguments: Sequence[str] = ()) -> list[Call]:
    """Run a Python program to its end and keep the calls of every client it makes.

    What it prints goes to standard error, so that an answer in JSON stays whole.

    Parameters
    ----------
    program : path-like
        A `.py` file.
    arguments : sequence of str
        Its own.

    Raises
    ------
    MeterError
        If there is no such file, no client is installed, or the program fails.
    """
    path = Path(program)
    if not path.is_file():
        raise MeterError(_("{path} is not there.").format(path=path), _("give a Python program."))
    hooks: list[ClientHook] = []
    before, path_before = sys.argv, list(sys.path)
    sys.argv, sys.path[:0] = [str(path), *arguments], [str(path.parent)]
    patched: list[tuple[type, Callable[..., None]]] = []
    try:
        for package, names in CLIENTS.items():
            with contextlib.suppress(ImportError):
                module = import_module(package)
                patched += [_hooked(getattr(module, n), hooks) for n in names if hasattr(module, n)]
        if not patched:
            raise MeterError(
                _("neither openai nor anthropic is installed beside taotie: there is no client to watch."),
                "pip install openai",
            )  # fmt: skip
        with contextlib.redirect_stdout(sys.stderr):
            _run(path)
    finally:
        sys.argv, sys.path[:] = before, path_before
        for kind, first in reversed(patched):
            kind.__init__ = first
        for hook in reversed(hooks):
            hook.__exit__()
    return sorted((c for hook in hooks for c in hook.calls), key=lambda c: c.t_ns)


def _hooked(kind: type, hooks: list[ClientHook]) -> tuple[type, Callable[..., None]]:
    first: Callable[..., None] = kind.__init__  # type: ignore[misc]

    @functools.wraps(first)
    def made(self: Any, *arguments: Any, **named: Any) -> None:
        first(self, *arguments, **named)
        if not any(hook.client is self for hook in hooks):  # a class below another calls both
            hooks.append(ClientHook(self).__enter__())

    kind.__init__ = made  # type: ignore[misc]
    return kind, first


def _run(path: Path) -> None:
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise MeterError(_("{path} ended with {code}.").format(path=path.name, code=end.code)) from None  # fmt: skip
    except Exception as error:
        raise MeterError(
            _("{path} failed: {kind}: {error}.").format(path=path.name, kind=type(error).__name__, error=error),
            _("run it by itself first."),
        ) from error  # fmt: skip
