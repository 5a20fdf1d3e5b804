"""The access key signature, HMAC-SHA1 over method, headers and parameters.

Nothing in the signed text is escaped: it is made of what the server will read, not of what is on the wire. The server
prints values as JavaScript does, so numbers and the order of keys follow that language here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from decimal import Decimal
from email.utils import formatdate
from typing import Any, Dict, List, Mapping, Optional

from .wire import PreparedCall

_FAMILY = "x-genauth-"
_ARRAY_INDEX = re.compile(r"0|[1-9]\d{0,9}")
_LARGEST_ARRAY_INDEX = 2**32 - 2
_LARGEST_EXACT_INTEGER = 2**53 - 1


def signed_headers(
    access_key_id: str,
    access_key_secret: str,
    call: PreparedCall,
    headers: Mapping[str, str],
    *,
    nonce: Optional[str] = None,
    date: Optional[str] = None,
) -> Dict[str, str]:
    """The headers with a signature over them added. Nonce and date are made here unless a test gives them."""
    signed = {
        **headers,
        "date": date or formatdate(usegmt=True),
        f"{_FAMILY}signature-nonce": nonce or secrets.token_hex(16),
        f"{_FAMILY}signature-method": "HMAC-SHA1",
        f"{_FAMILY}signature-version": "1.0",
    }
    digest = hmac.new(access_key_secret.encode(), text_to_sign(call, signed).encode(), hashlib.sha1).digest()
    signed["authorization"] = f"GenAuth {access_key_id}:{base64.b64encode(digest).decode()}"
    return signed


def text_to_sign(call: PreparedCall, headers: Mapping[str, str]) -> str:
    """Method, signed headers and resource, a line each."""
    signed = (name for name in sorted(headers) if name == "date" or name.startswith(_FAMILY))
    return "\n".join([call.method, *(f"{name}:{headers[name].strip()}" for name in signed), _resource(call)])


def _resource(call: PreparedCall) -> str:
    parameters: Mapping[str, Any] = call.query if call.body is None else call.body
    # An empty list or object in a query is nothing at all on the wire.
    present = {name: value for name, value in parameters.items() if call.body is not None or not _vanishes(value)}
    if not present:
        return call.path
    pairs = (f"{name}={_parameter_text(present[name])}" for name in sorted(present, key=_by_code_unit))
    return f"{call.path}?{'&'.join(pairs)}"


def _vanishes(value: Any) -> bool:
    return isinstance(value, (list, dict)) and not value


def _by_code_unit(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def _parameter_text(value: Any) -> str:
    return value if isinstance(value, str) else _json_text(value)


def _json_text(value: Any) -> str:
    """What `JSON.stringify` prints."""
    if isinstance(value, Mapping):
        entries = {_key_text(key): one for key, one in value.items()}
        return "{" + ",".join(f"{_quoted(key)}:{_json_text(entries[key])}" for key in _in_key_order(entries)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_json_text, value)) + "]"
    if isinstance(value, float) or (type(value) is int and abs(value) > _LARGEST_EXACT_INTEGER):
        return _number_text(float(value))
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key_text(key: Any) -> str:
    """A key as `json.dumps` writes it into the body."""
    return key if isinstance(key, str) else json.dumps(key)


def _in_key_order(entries: Mapping[str, Any]) -> List[str]:
    """ECMA-262 §10.1.11.1: keys that are array indexes come first, ascending; the others as they were added."""
    indexes = [key for key in entries if _ARRAY_INDEX.fullmatch(key) and int(key) <= _LARGEST_ARRAY_INDEX]
    others = [key for key in entries if key not in indexes]
    return sorted(indexes, key=int) + others


def _number_text(value: float) -> str:
    """ECMA-262 §6.1.6.1.20: Python's digits in JavaScript's notation."""
    if 1e-6 <= abs(value) < 1e21:
        digits = format(Decimal(repr(value)), "f")
        return digits[:-2] if digits.endswith(".0") else digits
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"
