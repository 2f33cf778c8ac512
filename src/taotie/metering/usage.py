"""How many tokens did a call use? One normal form of every provider's usage object: new, cached, written, reasoning.

Providers count differently: OpenAI's prompt holds its cached tokens, Anthropic's does not; OpenAI's output holds the
reasoning, Gemini's does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from taotie.errors import MeterError
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["Call", "Usage", "has_tokens", "normal_usage"]


class Usage(NamedTuple):
    """Tokens of one call or of many.

    Attributes
    ----------
    new : int
        Prompt tokens that were computed and not kept. [token]
    cache_write : int
        Prompt tokens that were computed and kept in a cache. [token]
    cache_read : int
        Prompt tokens found in a cache. [token]
    output : int
        Tokens written, reasoning counted. [token]
    reasoning : int
        Of them reasoning, where it is told. [token]
    """

    new: int = 0
    cache_write: int = 0
    cache_read: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """All tokens of the prompt. [token]"""
        return self.new + self.cache_write + self.cache_read

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Usage) -> Usage:
        """What came on top of another."""
        return Usage(*(a - b for a, b in zip(self, other, strict=True)))


class Call(NamedTuple):
    """One call of a model, or a sum of calls where a log tells no more.

    `calls` is how many; `at_least` says that its output may be cut short.
    """

    t_ns: int
    model: str
    usage: Usage
    session: str = ""
    project: str = ""
    user: str = ""
    calls: int = 1
    at_least: bool = False


_PROMPT = (
    "prompt_tokens", "input_tokens", "prompt_eval_count", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
    "native_tokens_prompt", "tokens_prompt", "input", "inputUsage", "promptTokens", "inputTokens",
)  # fmt: skip
_OUTPUT = (
    "completion_tokens", "output_tokens", "eval_count", "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens", "native_tokens_completion", "tokens_completion", "output", "outputUsage", "completionTokens", "outputTokens",
)  # fmt: skip
_OTHER = (
    "promptTokenCount", "candidatesTokenCount", "prompt_token_count", "uncached_input_tokens",
    "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip


def has_tokens(raw: Mapping[str, Any]) -> bool:
    """Does a mapping hold a count of tokens under a known key?"""
    return any(
        isinstance(raw.get(k), int | float) and not isinstance(raw.get(k), bool)
        for k in (*_PROMPT, *_OUTPUT, *_OTHER)
    )


def _count(value: Any, name: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value:
        raise MeterError(
            _("usage: {name}={value} is no number of tokens.").format(
                name=name, value=repr(value)[:40]
            )
        )
    return int(value)


def normal_usage(raw: Mapping[str, Any]) -> Usage:
    """A usage object of any known provider in the normal form.

    Parameters
    ----------
    raw : mapping
        OpenAI (chat completions, responses, usage exports), Anthropic, Gemini, Ollama or OpenTelemetry attributes.

    Raises
    ------
    MeterError
        If no key is known, or parts are larger than their whole.

    Examples
    --------
    >>> openai = {"prompt_tokens": 1200, "prompt_tokens_details": {"cached_tokens": 1000},
    ...     "completion_tokens": 300, "completion_tokens_details": {"reasoning_tokens": 200}}
    >>> normal_usage(openai)
    Usage(new=200, cache_write=0, cache_read=1000, output=300, reasoning=200)
    >>> normal_usage({"input_tokens": 200, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000,
    ...     "output_tokens": 300}).prompt
    1300
    """

    def get(*names: str) -> Any:
        return next((raw[n] for n in names if raw.get(n) is not None), None)

    def inner(outer: tuple[str, ...], name: str) -> Any:
        found = get(*outer)
        return found.get(name) if isinstance(found, Mapping) else None

    if "promptTokenCount" in raw or "candidatesTokenCount" in raw or "prompt_token_count" in raw:
        prompt = _count(get("promptTokenCount", "prompt_token_count"), "promptTokenCount")
        cached = _count(get("cachedContentTokenCount", "cached_content_token_count"), "cached")
        thoughts = _count(get("thoughtsTokenCount", "thoughts_token_count"), "thoughts")
        written = _count(get("candidatesTokenCount", "candidates_token_count"), "candidates")
        tools = _count(get("toolUsePromptTokenCount", "tool_use_prompt_token_count"), "tools")
        return _whole(prompt + tools, cached, 0, written + thoughts, thoughts)
    creation = get("cache_creation_input_tokens")
    parts = get("cache_creation")
    if isinstance(parts, Mapping):
        creation = max(
            _count(creation, "cache_creation"), sum(_count(v, k) for k, v in parts.items())
        )
    if creation is not None or "cache_read_input_tokens" in raw or "uncached_input_tokens" in raw:
        # Anthropic: what was cached stands beside the input, not in it
        return Usage(
            _count(get("uncached_input_tokens", "input_tokens", "prompt_tokens"), "input_tokens"),
            _count(creation, "cache_creation_input_tokens"),
            _count(get("cache_read_input_tokens"), "cache_read_input_tokens"),
            _count(get("output_tokens", "completion_tokens"), "output_tokens"),
            _count(inner(("output_tokens_details",), "thinking_tokens"), "thinking_tokens"),
        )
    prompt = get(*_PROMPT)
    output = get(*_OUTPUT)
    if prompt is None and output is None:
        raise MeterError(
            _("usage: no known count of tokens among {keys}.").format(
                keys=listing(map(str, raw))[:120]
            ),
            _("prompt_tokens and completion_tokens, or input_tokens and output_tokens"),
        )
    cached = get("input_cached_tokens", "cached_input_tokens", "prompt_eval_cached_count", "native_tokens_cached",
                 "gen_ai.usage.cache_read.input_tokens", "input_cached", "cached_tokens")  # fmt: skip
    if cached is None:
        cached = inner(("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
    reasoning = get(
        "reasoning_output_tokens", "reasoning_tokens", "native_tokens_reasoning", "output_reasoning"
    )
    if reasoning is None:
        reasoning = inner(
            ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens"
        )
    return _whole(
        _count(prompt, "prompt"), _count(cached, "cached"), 0, _count(output, "output"),
        _count(reasoning, "reasoning"),
    )  # fmt: skip


def _whole(prompt: int, cached: int, created: int, output: int, reasoning: int) -> Usage:
    if cached > prompt or reasoning > output:
        raise MeterError(
            _("usage: a part is larger than its whole: {part} of {whole} tokens.").format(
                part=cached if cached > prompt else reasoning,
                whole=prompt if cached > prompt else output,
            ),
            _(
                "say which provider's usage this is: some count cached tokens beside the prompt, not in it"
            ),
        )
    return Usage(prompt - cached - created, created, cached, output, reasoning)
