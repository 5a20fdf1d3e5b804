"""Checked by mypy, never run: what is right passes, and each mistake is found."""

from typing import List

from genauth import AsyncManagementClient, ManagementClient


def right(client: ManagementClient) -> List[str]:
    answer = client.list_organizations(page=1, limit=10)
    client.remove_department_members(
        user_ids=("a", "b"), organization_code="c", department_id="d", department_id_type="code"
    )
    return [organization["organizationCode"] for organization in answer["data"]["list"]]


async def right_too(client: AsyncManagementClient) -> bool:
    answer = await client.remove_department_members(["a"], "c", "d")
    return answer["data"]["success"]


def wrong(client: ManagementClient) -> None:
    client.remove_department_members(user_ids=["a"], organization_code="c")  # type: ignore[call-arg]
    client.remove_department_members([1], "c", "d")  # type: ignore[list-item]
    client.remove_department_members(["a"], "c", "d", "name")  # type: ignore[arg-type]
    client.list_organizations()["data"]["lists"]  # type: ignore[typeddict-item]
