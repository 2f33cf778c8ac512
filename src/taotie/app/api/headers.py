"""Which headers keep a page safe? The content policy and its neighbours, put on every response."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

__all__ = ["POLICY", "SecurityHeaders", "policy"]


def policy(framed: bool = False) -> str:
    """The content policy: scripts, styles, pictures and connections of this host only, none inside a page.

    Drawings have their colours as attributes, which no policy forbids. `framed` is for `/embed`, which other
    sites may show in a frame.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors *" if framed else "frame-ancestors 'none'",
        )
    )


POLICY = policy()
_FRAMED = policy(framed=True)

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Puts the headers on whatever the application answers."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        framed = "embed" in scope["path"].split("/")[1:3]

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _FRAMED if framed else POLICY)
                headers.setdefault(
                    "Cross-Origin-Resource-Policy", "cross-origin" if framed else "same-origin"
                )
                if not framed:
                    headers.setdefault("X-Frame-Options", "DENY")
            await send(message)

        await self.app(scope, receive, guarded)
