"""When a call is sent again, and how long to wait before it."""

from __future__ import annotations

import random
from typing import Optional

import httpx

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0

# Nothing of the request had been sent.
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Retries:
    """The retries of one call.

    A call that the server refused unread (429) or that never reached it is sent again whatever it does. When it is not
    known what became of it, only a call that changes nothing is.
    """

    def __init__(self, allowed: int, repeatable: bool) -> None:
        self._left = allowed
        self._pause = _FIRST_PAUSE_SECONDS
        self._repeatable = repeatable

    def pause_after_failure(self, failure: httpx.TransportError) -> Optional[float]:
        """Seconds to wait before the next attempt, None for no further one."""
        if not self._repeatable and not isinstance(failure, _NEVER_ARRIVED):
            return None
        return self._next_pause(0)

    def pause_after_response(self, response: httpx.Response) -> Optional[float]:
        """The same for a response; None also when it needs no further attempt."""
        if response.status_code == 429:
            return self._next_pause(_seconds(response.headers.get("retry-after")))
        if self._repeatable and response.status_code in (502, 503, 504):
            return self._next_pause(_seconds(response.headers.get("retry-after")))
        return None

    def _next_pause(self, at_least: float) -> Optional[float]:
        if self._left == 0 or at_least > _LONGEST_PAUSE_SECONDS:
            return None
        self._left -= 1
        # Half of it at random: clients that failed together should not come back together.
        pause = self._pause * random.uniform(0.5, 1)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        return max(at_least, pause)


def _seconds(retry_after: Optional[str]) -> float:
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else 0
