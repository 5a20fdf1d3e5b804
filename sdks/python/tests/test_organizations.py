"""The walk that every client takes: an organization, nested departments, members, and back."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable

import pytest

from genauth import AsyncManagementClient, GenAuthError, ManagementClient

Do = Callable[[Any], Any]


def test_walks_through_an_organization(client: ManagementClient, code: str, do: Do) -> None:
    organization = do(client.create_organization(organization_name="Acme 研发", organization_code=code))
    parent = organization["departmentId"]
    path = []
    for name in ("Research", "Language", "Grammar & 语法 + 100%"):
        department = do(
            client.create_department(
                organization_code=code,
                name=name,
                parent_department_id=parent,
                metadata={"2": [1.5, None], "1": "é"},
                i18n={"name": {"zh-CN": {"enabled": True, "value": "部门"}}},
            )
        )
        parent = department["departmentId"]
        path.append(parent)

    children = do(client.list_children_departments(organization_code=code, department_id=path[0]))
    assert [child["name"] for child in children["list"]] == ["Language"]
    found = do(client.get_department(organization_code=code, department_id=path[-1], with_custom_data=True))
    assert found["name"] == "Grammar & 语法 + 100%"
    batch = do(client.get_organizations_batch(organization_code_list=[code]))
    assert [one["organizationCode"] for one in batch] == [code]

    for department in reversed(path):
        assert do(client.delete_department(code, department)) == {"success": True}
    assert do(client.delete_organization(code)) == {"success": True}


def test_adds_members_and_removes_them(client: ManagementClient, code: str, do: Do) -> None:
    do(client.create_organization(organization_name="Acme", organization_code=code))
    user = do(client.create_user(username=f"ada-{code}"))
    member = {"organization_code": code, "department_id": "root"}
    assert do(client.add_department_members(user_ids=[user["userId"]], **member)) == {"success": True}
    members = do(client.list_department_members(**member))
    assert [one["userId"] for one in members["list"]] == [user["userId"]]
    assert do(client.remove_department_members(user_ids=[user["userId"]], **member)) == {"success": True}
    assert do(client.list_department_members(**member))["totalCount"] == 0


def test_the_call_of_the_documentation_page_works_to_the_letter(client: ManagementClient) -> None:
    answer = client.remove_department_members(
        user_ids=["623c20b2a062aaaaf41b17da"],
        organization_code="steamory",
        department_id="60b49eb83fd80adb96f26e68",
        department_id_type="department_id",
        tenant_id="623c20b2a062aaaaf41b17da",
    )
    assert answer["statusCode"] == 404
    assert answer["requestId"]


def test_answers_failures_and_raises_them_by_choice(server: dict[str, str]) -> None:
    with ManagementClient(**server) as client:
        assert client.get_organization("nobody")["statusCode"] == 404
    with ManagementClient(**server, raise_on_error=True, lang="en-US") as client:
        with pytest.raises(GenAuthError, match="nobody") as caught:
            client.get_organization("nobody")
    assert caught.value.status_code == caught.value.statusCode == 404
    assert caught.value.request_id


def test_says_so_when_the_access_key_is_wrong(server: dict[str, str]) -> None:
    wrong = {**server, "access_key_secret": "wrong"}
    with ManagementClient(**wrong) as client, pytest.raises(GenAuthError) as caught:
        client.list_organizations()
    assert caught.value.status_code == 401
    with ManagementClient(**wrong, sign_requests=True) as client:
        assert client.list_organizations()["apiCode"] == 1300


def test_messages_come_in_the_language_of_the_client(server: dict[str, str]) -> None:
    with ManagementClient(**server, lang="zh-CN") as chinese, ManagementClient(**server, lang="en-US") as english:
        missing = {"organization_code": "nobody", "department_id": "root"}
        messages = {one.get_department(**missing, tenant_id="none")["message"] for one in (chinese, english)}
    assert len(messages) == 2


def test_lists_in_queries_arrive_whole(client: ManagementClient) -> None:
    answer = client.get_access_key_list(status=["activated", "revoked"])
    assert answer["statusCode"] == 200
    assert client.get_access_key_list(status=["activated"])["statusCode"] == 200
    assert client.get_access_key_list(status=[])["statusCode"] == 200


def test_other_operations_can_be_called_by_their_paths(client: ManagementClient) -> None:
    assert client.request("GET", "/api/v3/list-organizations", {"limit": 1})["statusCode"] == 200


def test_threads_share_a_client_and_its_token(server: dict[str, str]) -> None:
    with ManagementClient(**server) as client:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.list_organizations()["statusCode"])) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [200] * 8


@pytest.mark.parametrize("sign_requests", [False, True])
def test_the_asynchronous_client_makes_the_same_calls(
    server: dict[str, str], code: str, do: Do, sign_requests: bool
) -> None:
    async def walk() -> None:
        async with AsyncManagementClient(**server, sign_requests=sign_requests) as client:
            do(await client.create_organization(organization_name="Acme", organization_code=code))
            answers = await asyncio.gather(*(client.get_organization(code) for _ in range(8)))
            assert [answer["data"]["organizationCode"] for answer in answers] == [code] * 8
            assert do(await client.delete_organization(code)) == {"success": True}

    asyncio.run(walk())


def test_the_asynchronous_client_outlives_its_event_loop(server: dict[str, str]) -> None:
    client = AsyncManagementClient(**server)

    async def call() -> int:
        answer = await client.list_organizations()
        await client.close()
        return answer["statusCode"]

    assert [asyncio.run(call()), asyncio.run(call())] == [200, 200]
