"""How a call becomes an HTTP request, and an HTTP response an answer. No input or output happens here."""

from __future__ import annotations

import json
import platform
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlencode

import httpx

from .errors import GenAuthError
from .version import __version__

USER_AGENT = f"genauth-python/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"

REQUIRED: Any = object()
"""Default of a required parameter that the published order puts behind an optional one."""


class Call(NamedTuple):
    """One call of one operation."""

    method: str
    path: str
    fields: Mapping[str, Any]
    """By their names on the wire. Those that are None are left out."""
    repeatable: bool
    """Whether it may be sent again when nobody knows what became of it."""


class PreparedCall(NamedTuple):
    """A call as it goes over the wire, before its credential is added."""

    method: str
    path: str
    """With its variables filled in, without the query."""
    query: Mapping[str, Any]
    """Every value as text, the texts of lists in a list: what a server reads from the query string."""
    body: Optional[Mapping[str, Any]]

    @property
    def target(self) -> str:
        """Path and query string."""
        pairs = list(_query_pairs(self.query))
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def content(self) -> Optional[bytes]:
        return None if self.body is None else compact_json(self.body).encode()


def prepare(call: Call) -> PreparedCall:
    """Puts the fields where they belong: into the path, then the query of a GET or the body of anything else."""
    missing = [name for name, value in call.fields.items() if value is REQUIRED]
    if missing:
        raise TypeError(f"missing required argument: {', '.join(missing)}")
    fields = {name: value for name, value in call.fields.items() if value is not None}
    path = call.path
    for name in list(fields):
        variable = f"{{{name}}}"
        if variable in path:
            path = path.replace(variable, quote(str(fields.pop(name)), safe=""))
    if call.method == "GET":
        return PreparedCall(call.method, path, {name: _query_value(value) for name, value in fields.items()}, None)
    return PreparedCall(call.method, path, {}, fields)


def compact_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def common_headers(lang: Optional[str]) -> Dict[str, str]:
    headers = {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "x-genauth-sdk-version": f"genauth-python:{__version__}",
    }
    if lang:
        headers["x-genauth-lang"] = lang
    return headers


def read_answer(response: httpx.Response) -> Dict[str, Any]:
    """The envelope. What a proxy says in its place is an error."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise GenAuthError(response.status_code, f"not an answer of GenAuth: {response.text[:200]!r}")
    return answer


def _query_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {str(name): _query_value(one) for name, one in value.items() if one is not None}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_query_value(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _query_pairs(query: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    for name, value in query.items():
        yield from _pairs_of(name, value)


def _pairs_of(name: str, value: Any) -> List[Tuple[str, str]]:
    """Lists as `name[]=a&name[]=b`, objects as `name[key]=a`: with brackets a list of one stays a list."""
    if isinstance(value, list):
        return [pair for one in value for pair in _pairs_of(f"{name}[]", one)]
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _pairs_of(f"{name}[{key}]", one)]
    return [(name, value)]
