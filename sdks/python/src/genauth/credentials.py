"""What a request is signed or accompanied by: the access key itself, or a token bought with it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Dict, Mapping, NamedTuple, Optional

from .errors import GenAuthError
from .wire import Call

_RENEW_SECONDS_EARLY = 60


class ManagementToken(NamedTuple):
    value: str
    user_pool_id: Optional[str]
    good_until: float
    """On the monotonic clock: a clock that is set must not revive a token."""

    def is_good(self) -> bool:
        return time.monotonic() < self.good_until

    def headers(self) -> Dict[str, str]:
        headers = {"authorization": f"Bearer {self.value}"}
        if self.user_pool_id is not None:
            headers["x-genauth-userpool-id"] = self.user_pool_id
        return headers


def token_call(access_key_id: str, access_key_secret: str) -> Call:
    """The call that buys a token."""
    fields = {"accessKeyId": access_key_id, "accessKeySecret": access_key_secret}
    return Call("POST", "/api/v3/get-management-token", fields, repeatable=True)


def read_token(answer: Mapping[str, Any]) -> ManagementToken:
    """The token in the answer to `token_call`, or the error that the answer tells of."""
    if answer.get("statusCode") != 200:
        raise GenAuthError.of(answer)
    data = answer.get("data") or {}
    value = data.get("access_token")
    if not value:
        raise GenAuthError(500, "the answer holds no access token", request_id=answer.get("requestId"))
    life_time = data.get("expires_in", 0)
    early = min(_RENEW_SECONDS_EARLY, life_time / 10)
    return ManagementToken(value, _user_pool_of(value), time.monotonic() + life_time - early)


def _user_pool_of(token: str) -> Optional[str]:
    """The claim `scoped_userpool_id`, unchecked: the server knows the pool, the header only has to agree with it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        pool = claims["scoped_userpool_id"]
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return pool if isinstance(pool, str) else None
