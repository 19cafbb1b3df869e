"""What protects a workspace served on one machine: who may ask, from where, and how much."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jalon.model.problems import InputError
from jalon.web.deposits import MAX_BYTES

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")
#: What a request may bring, its files and the text between them.
MOST = MAX_BYTES + 2**20


def _bounded(receive: Receive, headers: Headers) -> Receive:
    """What a request brings, up to the bound; refused at once where it says that it is more."""
    told = headers.get("content-length", "0")
    count = int(told) if told.isdecimal() and len(told) < 20 else 0
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        if count > MOST:
            raise InputError.of("upload_too_large", megabytes=MAX_BYTES // 2**20)
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST:
            raise InputError.of("upload_too_large", megabytes=MAX_BYTES // 2**20)
        return message

    return receiving


class Guard:
    """Refuses requests that another site makes: a Host that is not ours (a name that someone made
    point to this machine), an Origin that is not ours on what changes something.

    Every answer carries the headers above. OWASP ASVS 5.0, 3.4 and 3.5.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.origins = frozenset(f"http://{each}" for each in self.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await PlainTextResponse(refusal, 403)(scope, receive, sending)
            return
        await self.app(scope, _bounded(receive, headers), sending)

    def _refusal(self, method: str, headers: Headers) -> str | None:
        if headers.get("host", "").casefold() not in self.hosts:
            return "Host not allowed"
        if method in SAFE:
            return None
        origin = headers.get("origin")
        if origin is not None and origin.casefold() not in self.origins:
            return "Origin not allowed"
        if origin is None and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return "Origin not allowed"
        return None
