from __future__ import annotations

import json

import pytest

from genauth.signature import signed_headers, text_to_sign
from genauth.wire import Call, prepare

SECRET = "not-a-real-secret-0f1e2d3c4b5a6978"


def test_signs_as_the_published_client_does() -> None:
    call = Call(
        "POST",
        "/api/v3/remove-department-members",
        {
            "organizationCode": "acme",
            "departmentId": "64f0c2a1b3d4e5f607182940",
            "userIds": ["64f0c2a1b3d4e5f607182951", "64f0c2a1b3d4e5f607182952"],
            "departmentIdType": "department_id",
            "tenantId": None,
        },
        repeatable=True,
    )
    headers = signed_headers(
        "64f0c2a1b3d4e5f60718293a",
        SECRET,
        prepare(call),
        {"x-genauth-lang": "en-US", "x-genauth-sdk-version": "gen-auth-node-sdk:1.0.0", "accept": "application/json"},
        nonce="5d41402abc4b2a76b9719d911017c592",
        date="Tue, 03 Mar 2026 08:15:30 GMT",
    )
    assert headers["authorization"] == "GenAuth 64f0c2a1b3d4e5f60718293a:BlLeqvgbW2JoOyk0XWc6oWHANLQ="


def test_signs_what_the_server_reads_from_a_query() -> None:
    call = Call(
        "GET",
        "/api/v3/list",
        {"b": ["x", 1, True], "a": "ü &=?", "none": None, "empty": [], "on": False, "at": 2.0},
        repeatable=True,
    )
    prepared = prepare(call)
    assert text_to_sign(prepared, {}).split("\n")[-1] == '/api/v3/list?a=ü &=?&at=2&b=["x","1","true"]&on=false'
    assert prepared.target == "/api/v3/list?b%5B%5D=x&b%5B%5D=1&b%5B%5D=true&a=%C3%BC+%26%3D%3F&on=false&at=2"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        (0.00001, "0.00001"),
        (1.5e300, "1.5e+300"),
        (1e21, "1e+21"),
        (123456789012345678901, "123456789012345680000"),
        (True, "true"),
        ({"b": 1, "2": None, "10": [2.0], "01": {}}, '{"2":null,"10":[2],"b":1,"01":{}}'),
        ([1, "é\n", "\u2028"], '[1,"é\\n","\u2028"]'),
    ],
)
def test_prints_values_as_the_server_does(value: object, text: str) -> None:
    prepared = prepare(Call("POST", "/", {"v": value}, repeatable=False))
    assert text_to_sign(prepared, {}) == f"POST\n/?v={text}"


def test_puts_path_variables_into_the_path() -> None:
    prepared = prepare(Call("DELETE", "/api/v3/ip-list/{id}", {"id": "a/b", "reason": "x"}, repeatable=False))
    assert prepared.target == "/api/v3/ip-list/a%2Fb"
    assert json.loads(prepared.content or b"") == {"reason": "x"}
