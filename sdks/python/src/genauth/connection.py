"""What the generated operations stand on: a synchronous and an asynchronous way to a server."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

import httpx

from .credentials import ManagementToken, read_token, token_call
from .errors import GenAuthError
from .retries import Retries
from .signature import signed_headers
from .wire import Call, common_headers, prepare, read_answer

if TYPE_CHECKING:
    import sys

    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

_DEFAULT_HOST = "https://api.genauth.ai"
_DEFAULT_WEBSOCKET_HOST = "wss://openevent.genauth.ai"


class _Connection:
    def __init__(
        self,
        access_key_id: str,
        access_key_secret: str,
        host: Optional[str] = None,
        timeout: float = 10.0,
        lang: Optional[str] = None,
        use_unverified_ssl: bool = False,
        websocket_host: Optional[str] = None,
        websocket_endpoint: Optional[str] = None,
        *,
        sign_requests: bool = False,
        raise_on_error: bool = False,
        retries: int = 2,
    ) -> None:
        """Opens nothing yet: the first call does.

        Args:
            access_key_id: Id of an access key, or of the user pool.
            access_key_secret: Its secret.
            host: Origin of the server, `https://api.genauth.ai` unless given.
            timeout: Seconds to wait for a connection, and for each part of an answer.
            lang: Language of messages: `en-US` or `zh-CN`.
            use_unverified_ssl: Accept any certificate. For test servers only.
            websocket_host: Where events are subscribed to.
            websocket_endpoint: Path of subscriptions.
            sign_requests: Sign each request with the access key instead of buying a token with it.
            raise_on_error: Raise `GenAuthError` for answers whose `statusCode` is not 200 instead of returning them.
            retries: How often a call is repeated after 429 or a failure of the network.
        """
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.host = (host or _DEFAULT_HOST).rstrip("/")
        self.timeout = timeout
        self.lang = lang
        self.use_unverified_ssl = use_unverified_ssl
        self.websocket_host = websocket_host or _DEFAULT_WEBSOCKET_HOST
        self.websocket_endpoint = websocket_endpoint or "/events/v1/management/sub"
        self.sign_requests = sign_requests
        self.raise_on_error = raise_on_error
        self.retries = retries
        self._token: Optional[ManagementToken] = None
        self._lock = threading.Lock()
        self._token_lock = threading.Lock()

    def _known_token(self) -> Optional[ManagementToken]:
        token = self._token
        return token if token is not None and token.is_good() else None

    def _request(self, call: Call, token: Optional[ManagementToken]) -> httpx.Request:
        prepared = prepare(call)
        headers = common_headers(self.lang)
        if token is not None:
            headers.update(token.headers())
        elif self.sign_requests:
            headers = signed_headers(self.access_key_id, self.access_key_secret, prepared, headers)
        return httpx.Request(
            call.method,
            self.host + prepared.target,
            headers=headers,
            content=prepared.content,
            extensions={"timeout": httpx.Timeout(self.timeout).as_dict()},
        )

    def _is_stale(self, answer: Mapping[str, Any], token: Optional[ManagementToken], was_known: bool) -> bool:
        """Whether a token that used to be good no longer is, as after the key's tokens were revoked."""
        if token is None or not was_known or answer.get("statusCode") != 401:
            return False
        if self._token is token:
            self._token = None
        return True

    def _checked(self, answer: Dict[str, Any]) -> Dict[str, Any]:
        if self.raise_on_error and answer.get("statusCode") != 200:
            raise GenAuthError.of(answer)
        return answer


class Connection(_Connection):
    """A synchronous connection. Threads may share it."""

    _http: Optional[httpx.Client] = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the sockets. The next call would open new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def request(self, method: str, path: str, fields: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Calls an operation that has no method here. Only GET is repeated after a failure of the network."""
        answer: Dict[str, Any] = self._call(method, path, fields or {}, repeatable=method == "GET")
        return answer

    def _call(self, method: str, path: str, fields: Mapping[str, Any], *, repeatable: bool = False) -> Any:
        call = Call(method, path, fields, repeatable)
        if self.sign_requests:
            return self._checked(self._send(call, None))
        known = self._known_token()
        token = known or self._buy_token()
        answer = self._send(call, token)
        if self._is_stale(answer, token, known is not None):
            answer = self._send(call, self._buy_token())
        return self._checked(answer)

    def _buy_token(self) -> ManagementToken:
        with self._token_lock:
            token = self._known_token()
            if token is None:
                token = read_token(self._send(token_call(self.access_key_id, self.access_key_secret), None))
                self._token = token
            return token

    def _send(self, call: Call, token: Optional[ManagementToken]) -> Dict[str, Any]:
        retries = Retries(self.retries, call.repeatable)
        while True:
            try:
                response = self._client().send(self._request(call, token))
            except httpx.TransportError as failure:
                pause = retries.pause_after_failure(failure)
                if pause is None:
                    raise
            else:
                pause = retries.pause_after_response(response)
                if pause is None:
                    return read_answer(response)
            time.sleep(pause)

    def _client(self) -> httpx.Client:
        http = self._http
        if http is None:
            with self._lock:
                http = self._http = self._http or httpx.Client(verify=not self.use_unverified_ssl)
        return http


class AsyncConnection(_Connection):
    """A connection for asyncio. It belongs to one event loop."""

    _http: Optional[httpx.AsyncClient] = None
    _token_request: Optional[asyncio.Task[ManagementToken]] = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the sockets. The next call would open new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def request(self, method: str, path: str, fields: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Calls an operation that has no method here. Only GET is repeated after a failure of the network."""
        answer: Dict[str, Any] = await self._call(method, path, fields or {}, repeatable=method == "GET")
        return answer

    async def _call(self, method: str, path: str, fields: Mapping[str, Any], *, repeatable: bool = False) -> Any:
        call = Call(method, path, fields, repeatable)
        if self.sign_requests:
            return self._checked(await self._send(call, None))
        known = self._known_token()
        token = known or await self._buy_token()
        answer = await self._send(call, token)
        if self._is_stale(answer, token, known is not None):
            answer = await self._send(call, await self._buy_token())
        return self._checked(answer)

    async def _buy_token(self) -> ManagementToken:
        """Calls that need a token at the same time wait for one request; that one of them is cancelled stops it not."""
        if self._token_request is None:
            self._token_request = asyncio.ensure_future(self._request_token())
        return await asyncio.shield(self._token_request)

    async def _request_token(self) -> ManagementToken:
        try:
            self._token = read_token(await self._send(token_call(self.access_key_id, self.access_key_secret), None))
            return self._token
        finally:
            self._token_request = None

    async def _send(self, call: Call, token: Optional[ManagementToken]) -> Dict[str, Any]:
        retries = Retries(self.retries, call.repeatable)
        while True:
            try:
                response = await self._client().send(self._request(call, token))
            except httpx.TransportError as failure:
                pause = retries.pause_after_failure(failure)
                if pause is None:
                    raise
            else:
                pause = retries.pause_after_response(response)
                if pause is None:
                    return read_answer(response)
            await asyncio.sleep(pause)

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(verify=not self.use_unverified_ssl)
        return self._http
