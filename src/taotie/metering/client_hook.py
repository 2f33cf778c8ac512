"""What do the calls of this program use? Hooks for the Python clients of OpenAI and Anthropic, which keep the answers.

Each answer gets an attribute `taotie` with its tokens, and every call is kept. Streams are followed to their end.
"""

from __future__ import annotations

import contextlib
import functools
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from taotie.errors import MeterError
from taotie.metering.usage import Call, normal_usage
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

    PLACES = (("chat", "completions"), ("responses",), ("messages",), ("embeddings",))

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[Call] = []
        self._before: list[tuple[Any, Callable[..., Any]]] = []

    def __enter__(self) -> ClientHook:
        for path in self.PLACES:
            place: Any = self.client
            for name in path:
                place = getattr(place, name, None)
                if place is None:
                    break
            create = getattr(place, "create", None)
            if place is not None and callable(create):
                self._before.append((place, create))
                place.create = self._watched(create)
        return self

    def __exit__(self, *_error: object) -> None:
        for place, create in reversed(self._before):
            place.create = create
        self._before.clear()

    def _watched(self, create: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            answer = create(*arguments, **named)
            if hasattr(answer, "__await__"):
                return self._awaited(answer, named)
            if named.get("stream"):
                return self._followed(answer, named)
            self._keep(answer, named)
            return answer

        return call

    async def _awaited(self, answer: Any, named: dict[str, Any]) -> Any:
        made = await answer
        if not named.get("stream"):
            self._keep(made, named)
        return made

    def _followed(self, stream: Any, named: dict[str, Any]) -> Iterator[Any]:
        """A stream, passed on; the usage stands in its last parts (Anthropic begins it in the first)."""
        parts: dict[str, Any] = {}
        model = str(named.get("model", ""))
        for event in stream:
            for holder in (
                event,
                getattr(event, "message", None),
                getattr(event, "response", None),
            ):
                usage = _plain(getattr(holder, "usage", None)) if holder is not None else None
                if usage:
                    parts |= {k: v for k, v in usage.items() if v is not None}
                model = str(getattr(holder, "model", "") or model) if holder is not None else model
            yield event
        if parts:
            self.calls.append(Call(time.time_ns(), model, normal_usage(parts)))

    def _keep(self, answer: Any, named: dict[str, Any]) -> None:
        usage = _plain(getattr(answer, "usage", None))
        if not usage:
            return
        model = str(getattr(answer, "model", "") or named.get("model", ""))
        call = Call(time.time_ns(), model, normal_usage(usage))
        self.calls.append(call)
        try:
            answer.taotie = call
        except (AttributeError, TypeError, ValueError):
            object.__setattr__(answer, "taotie", call)


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
