from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Optional

import pytest

from genauth import GenAuthError, iterate, iterate_async


class Shelf:
    """Five items, and what was asked of them."""

    def __init__(self) -> None:
        self.asked: List[Any] = []

    def flat(self, page: Optional[int] = None, limit: Optional[int] = None) -> Dict[str, Any]:
        self.asked.append((page, limit))
        return self._answer(page or 1, limit or 2)

    def nested(self, options: Dict[str, Any]) -> Dict[str, Any]:
        self.asked.append(options)
        return self._answer(options["pagination"]["page"], options["pagination"].get("limit", 2))

    async def asynchronous(self, page: int, limit: int) -> Dict[str, Any]:
        return self.flat(page, limit)

    @staticmethod
    def _answer(page: int, limit: int) -> Dict[str, Any]:
        items = list("abcde")[(page - 1) * limit : page * limit]
        return {"statusCode": 200, "data": {"totalCount": 5, "list": items}}


def test_goes_through_all_pages_and_asks_for_no_further_one() -> None:
    shelf = Shelf()
    assert list(iterate(shelf.flat, limit=2)) == list("abcde")
    assert [page for page, _ in shelf.asked] == [1, 2, 3]
    assert list(iterate(shelf.flat)) == list("abcde")
    shelf.asked.clear()
    assert list(iterate(shelf.flat, limit=5)) == list("abcde")
    assert len(shelf.asked) == 1
    assert list(iterate(shelf.flat, page=2, limit=3)) == list("de")


def test_keeps_the_other_options_where_the_page_is_one_of_them() -> None:
    shelf = Shelf()
    assert list(iterate(shelf.nested, options={"with": 1, "pagination": {"limit": 3}})) == list("abcde")
    assert shelf.asked[1] == {"with": 1, "pagination": {"limit": 3, "page": 2}}
    assert list(iterate(shelf.nested)) == list("abcde")


def test_goes_through_all_pages_asynchronously() -> None:
    async def collect() -> List[str]:
        return [item async for item in iterate_async(Shelf().asynchronous, limit=2)]

    assert asyncio.run(collect()) == list("abcde")


def test_raises_what_the_answer_tells_of() -> None:
    def refuse(page: int) -> Dict[str, Any]:
        return {"statusCode": 404, "message": "nothing here"}

    with pytest.raises(GenAuthError, match="nothing here"):
        list(iterate(refuse))
