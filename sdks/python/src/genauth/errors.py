"""What goes wrong on the far side. Failures of the network are raised as httpx raises them."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class GenAuthError(Exception):
    """An answer that tells of a failure.

    Raised when no management token could be had, when an answer is not JSON, and, with `raise_on_error=True`, for every
    answer whose `statusCode` is not 200.
    """

    def __init__(
        self,
        status_code: int,
        message: str,
        api_code: Optional[int] = None,
        request_id: Optional[str] = None,
    ) -> None:
        super().__init__(status_code, message, api_code, request_id)
        self.status_code = status_code
        self.message = message
        self.api_code = api_code
        self.request_id = request_id

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> GenAuthError:
        """The error that an envelope tells of."""
        return cls(
            answer.get("statusCode", 500), answer.get("message", ""), answer.get("apiCode"), answer.get("requestId")
        )

    # The names of the older client, which are those of the envelope.
    @property
    def statusCode(self) -> int:  # noqa: N802
        return self.status_code

    @property
    def apiCode(self) -> Optional[int]:  # noqa: N802
        return self.api_code

    def __str__(self) -> str:
        known = (("apiCode", self.api_code), ("requestId", self.request_id))
        details = "".join(f", {name} {value}" for name, value in known if value is not None)
        return f"{self.message} (statusCode {self.status_code}{details})"
