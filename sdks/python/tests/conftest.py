"""The tests talk to a running server, which the environment names; without one only those that need none run."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator

import pytest

from genauth import ManagementClient

CREDENTIALS = ("GENAUTH_TEST_ORIGIN", "GENAUTH_TEST_ACCESS_KEY_ID", "GENAUTH_TEST_ACCESS_KEY_SECRET")


@pytest.fixture(scope="session")
def server() -> dict[str, str]:
    missing = [name for name in CREDENTIALS if name not in os.environ]
    if missing:
        pytest.skip(f"no server: {', '.join(missing)} not set")
    origin, access_key_id, access_key_secret = (os.environ[name] for name in CREDENTIALS)
    return {"host": origin, "access_key_id": access_key_id, "access_key_secret": access_key_secret}


@pytest.fixture(params=[False, True], ids=["token", "signature"])
def client(server: dict[str, str], request: pytest.FixtureRequest) -> Iterator[ManagementClient]:
    """A client of each way to say who is calling."""
    with ManagementClient(**server, sign_requests=request.param) as client:
        yield client


@pytest.fixture
def do() -> Callable[[Any], Any]:
    """The payload of an answer that has to be a success."""

    def payload(answer: Any) -> Any:
        assert answer["statusCode"] == 200, answer
        return answer.get("data")

    return payload


@pytest.fixture
def code(request: pytest.FixtureRequest) -> str:
    """A code nobody else uses: all tests share a user pool."""
    return os.urandom(6).hex()
