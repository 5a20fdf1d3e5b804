"""The two clients, side by side with the published one and with their own documentation."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import re
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from genauth import AsyncManagementClient, ManagementClient


def operations(of: type) -> Dict[str, Callable[..., Any]]:
    """The generated methods: what the client has and its connection has not."""
    inherited = set(dir(of.__mro__[-3]))
    return {
        name: method
        for name, method in inspect.getmembers(of, inspect.isfunction)
        if not name.startswith("_") and name not in inherited
    }


def parameters(method: Callable[..., Any]) -> List[str]:
    return list(inspect.signature(method).parameters)


def test_takes_its_arguments_as_the_published_client_does() -> None:
    published = pytest.importorskip("authing").ManagementClient
    both = [name for name in operations(ManagementClient) if hasattr(published, name)]
    assert "remove_department_members" in both
    for name in ["__init__", *both]:
        theirs = parameters(getattr(published, name))
        assert parameters(getattr(ManagementClient, name))[: len(theirs)] == theirs, name


def test_needs_no_argument_that_the_published_client_does_not_take() -> None:
    published = pytest.importorskip("authing").ManagementClient
    for name, method in operations(ManagementClient).items():
        if hasattr(published, name):
            required = {one.name for one in inspect.signature(method).parameters.values() if one.default is one.empty}
            assert required <= set(parameters(getattr(published, name))), name


def test_both_clients_have_the_same_operations() -> None:
    asynchronous = operations(AsyncManagementClient)
    for name, method in operations(ManagementClient).items():
        assert inspect.signature(method) == inspect.signature(asynchronous.pop(name)), name
    assert asynchronous == {}


def examples(of: type) -> List[doctest.Example]:
    parser = doctest.DocTestParser()
    found = [parser.get_examples(inspect.getdoc(method) or "") for method in operations(of).values()]
    assert all(found), "every operation has an example"
    return [example for group in found for example in group]


def assert_answered(answer: Any, source: str) -> None:
    # The samples name nobody's things, so many answers say 404, and the sample of an access key opens nothing.
    refused = (500,) if "get_management_token" in source else (401, 403, 500)
    assert answer["statusCode"] not in refused, (source, answer)


def test_examples_of_the_docstrings_run(server: Dict[str, str]) -> None:
    with ManagementClient(**server) as client:
        for example in examples(ManagementClient):
            assert_answered(eval(example.source, {"client": client}), example.source)


def test_examples_of_the_asynchronous_docstrings_run(server: Dict[str, str]) -> None:
    async def run() -> None:
        async with AsyncManagementClient(**server) as client:
            for example in examples(AsyncManagementClient):
                code = compile(example.source, "example", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                answer = eval(code, {"client": client})
                assert_answered(await answer if inspect.isawaitable(answer) else answer, example.source)

    asyncio.run(run())


def test_the_samples_of_the_readme_run(server: Dict[str, str]) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    samples = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert len(samples) >= 4
    for placeholder, value in (
        ("YOUR_ACCESS_KEY_ID", server["access_key_id"]),
        ("YOUR_ACCESS_KEY_SECRET", server["access_key_secret"]),
        ("http://127.0.0.1:3000", server["host"]),
    ):
        assert placeholder in samples[0]
        samples = [sample.replace(placeholder, value) for sample in samples]
    # Each goes on where the one before ended.
    names: Dict[str, Any] = {}
    for sample in samples:
        exec(compile(sample, "README.md", "exec"), names)
