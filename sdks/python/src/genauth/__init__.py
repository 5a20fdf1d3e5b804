"""Client of the GenAuth V3 management API.

>>> from genauth import ManagementClient
>>> client = ManagementClient(access_key_id, access_key_secret, host="http://127.0.0.1:3000")
>>> client.list_organizations()["data"]["list"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import GenAuthError
from .management import ManagementClient
from .paging import iterate, iterate_async
from .version import __version__

if TYPE_CHECKING:
    from .management_async import AsyncManagementClient

AuthingException = GenAuthError
"""The name of the older client."""

__all__ = [
    "AsyncManagementClient",
    "AuthingException",
    "GenAuthError",
    "ManagementClient",
    "__version__",
    "iterate",
    "iterate_async",
]


def __getattr__(name: str) -> Any:
    # Loaded at its first use: most programs want one of the two clients.
    if name == "AsyncManagementClient":
        from .management_async import AsyncManagementClient

        return AsyncManagementClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
