"""What happens when the network or the server has a bad day, on a transport that plays one."""

from __future__ import annotations

import base64
import json
from typing import Any, Iterator, List, Union

import httpx
import pytest

import genauth.connection
from genauth import GenAuthError, ManagementClient

Event = Union[httpx.Response, Exception]


def answer(status: int = 200, **envelope: Any) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "message": "", **envelope})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[List[float]]:
    seen: List[float] = []
    monkeypatch.setattr(genauth.connection.time, "sleep", seen.append)
    yield seen


def playing(events: List[Event], seen: List[httpx.Request], **options: Any) -> ManagementClient:
    def play(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        event = events.pop(0)
        if isinstance(event, Exception):
            raise event
        return event

    client = ManagementClient("id", "secret", host="http://server.test", sign_requests=True, **options)
    client._http = httpx.Client(transport=httpx.MockTransport(play))
    return client


def test_repeats_any_call_that_was_refused_unread(pauses: List[float]) -> None:
    seen: List[httpx.Request] = []
    client = playing([answer(429), httpx.ConnectError("no route"), answer()], seen)
    assert client.create_access_key(type="userpool")["statusCode"] == 200
    assert len(pauses) == 2
    # A nonce is good for one request.
    assert len({request.headers["x-genauth-signature-nonce"] for request in seen}) == 3


def test_repeats_after_a_lost_answer_only_what_changes_nothing_twice(pauses: List[float]) -> None:
    seen: List[httpx.Request] = []
    client = playing([httpx.ReadTimeout("slow"), answer()], seen)
    assert client.list_organizations()["statusCode"] == 200
    client = playing([httpx.ReadTimeout("slow"), answer()], seen)
    with pytest.raises(httpx.ReadTimeout):
        client.create_access_key(type="userpool")
    assert len(pauses) == 1


def test_waits_as_long_as_the_server_asks_and_gives_up_in_the_end(pauses: List[float]) -> None:
    busy = [httpx.Response(429, headers={"retry-after": "3"}, json={"statusCode": 429}) for _ in range(3)]
    client = playing([*busy], [])
    assert client.list_organizations()["statusCode"] == 429
    assert pauses == [3, 3]


def test_does_not_wait_when_told_not_to(pauses: List[float]) -> None:
    client = playing([answer(429)], [], retries=0, raise_on_error=True)
    with pytest.raises(GenAuthError):
        client.list_organizations()
    assert pauses == []


def test_says_what_a_proxy_answered_instead() -> None:
    client = playing([httpx.Response(403, text="<html>Forbidden")], [])
    with pytest.raises(GenAuthError, match="Forbidden") as caught:
        client.list_organizations()
    assert caught.value.status_code == 403


def test_misses_a_required_argument_that_the_published_order_puts_late() -> None:
    client = playing([], [])
    with pytest.raises(TypeError, match="organizationName"):
        client.create_organization()


def test_buys_another_token_when_the_old_one_is_refused() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"scoped_userpool_id": "pool"}).encode()).decode().rstrip("=")
    seen: List[httpx.Request] = []
    tokens = [answer(data={"access_token": f"{n}.{payload}.s", "expires_in": 7200}) for n in (1, 2)]
    client = playing([tokens[0], answer(), answer(401), tokens[1], answer()], seen)
    client.sign_requests = False
    assert client.list_organizations()["statusCode"] == 200
    assert client.list_organizations()["statusCode"] == 200
    sent = [request.headers.get("authorization") for request in seen]
    assert sent == [None, f"Bearer 1.{payload}.s", f"Bearer 1.{payload}.s", None, f"Bearer 2.{payload}.s"]
    assert seen[1].headers["x-genauth-userpool-id"] == "pool"
