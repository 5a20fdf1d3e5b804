"""All items of a paged list, page after page."""

from __future__ import annotations

import inspect
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, List, Mapping

from .errors import GenAuthError


def iterate(operation: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    """The items of a list that comes in pages.

    Args:
        operation: The method that lists, such as `client.list_organizations`.
        arguments: What it is called with. `limit` is the size of a page, `page` the first one.

    Raises:
        GenAuthError: A page could not be had.

    Example:
        >>> for organization in iterate(client.list_organizations, limit=50):
        ...     organization["organizationCode"]
    """
    pages = _Pages(operation, arguments)
    while not pages.are_over:
        yield from pages.read(operation(**pages.next_arguments()))


async def iterate_async(operation: Callable[..., Awaitable[Any]], **arguments: Any) -> AsyncIterator[Any]:
    """The same for a method of the asynchronous client, for `async for`."""
    pages = _Pages(operation, arguments)
    while not pages.are_over:
        for item in pages.read(await operation(**pages.next_arguments())):
            yield item


class _Pages:
    def __init__(self, operation: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        self.are_over = False
        self._arguments = arguments
        # Most operations take the page as an argument, the lists of users within `options`.
        self._is_nested = "page" not in inspect.signature(operation).parameters
        self._page = self._pagination().get("page") or 1
        self._limit = self._pagination().get("limit")
        self._size = 0

    def next_arguments(self) -> Dict[str, Any]:
        place: Dict[str, Any] = {**self._pagination(), "page": self._page}
        if not self._is_nested:
            return {**self._arguments, **place}
        return {**self._arguments, "options": {**(self._arguments.get("options") or {}), "pagination": place}}

    def read(self, answer: Mapping[str, Any]) -> List[Any]:
        if answer.get("statusCode") != 200:
            raise GenAuthError.of(answer)
        items: List[Any] = answer["data"]["list"]
        # The size of a page is what was asked for, or that of the first one, which is the server's default.
        self._size = self._size or self._limit or len(items)
        self.are_over = not items or len(items) < self._size
        if not self.are_over:
            self.are_over = self._page * self._size >= answer["data"]["totalCount"]
        self._page += 1
        return items

    def _pagination(self) -> Mapping[str, Any]:
        if not self._is_nested:
            return self._arguments
        return (self._arguments.get("options") or {}).get("pagination") or {}
