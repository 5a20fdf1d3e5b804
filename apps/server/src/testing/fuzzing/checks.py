"""What Schemathesis is told about our API: the checks it cannot know, and the names of things that exist.

Failures come with HTTP 200 and a `statusCode` in the body, so its own checks of statuses see none of them. Started by
schemathesis.test.ts, which says where the values and the tally are.
"""

import json
import os
import re
import zlib
from collections import Counter, defaultdict

import jsonschema_rs
import schemathesis

with open(os.environ["FUZZING_WORLD"], encoding="utf-8") as file:
    world = json.load(file)
with open(os.environ["FUZZING_DOCUMENT"], encoding="utf-8") as file:
    document = json.load(file)


class Declared:
    """How one operation may answer."""

    def __init__(self, operation):
        self.answer = validator_of(operation["responses"]["200"])
        self.data_may_be_null = operation.get("x-data-may-be-null") is True
        self.body = validator_of(operation["requestBody"]) if "requestBody" in operation else None
        self.failures = [
            (error["statusCode"], error.get("apiCode"), message_pattern(error["message"]))
            for error in operation["x-errors"] + document["x-errors"]
        ]


def validator_of(holder):
    schema = holder["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def message_pattern(message):
    return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(message)), re.DOTALL)


declared = {
    (method.upper(), path): Declared(operation)
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
}
named = {one for value in world["values"].values() for one in (value if isinstance(value, list) else [value])}
refused_input = [message_pattern(world[name]["en"]) for name in ("fieldMissing", "fieldMalformed")]


@schemathesis.hook
def map_body(context, body):
    return with_known(body, seed=checksum(body))


@schemathesis.hook
def map_query(context, query):
    return with_known(query, seed=checksum(query))


def checksum(value):
    return zlib.crc32(json.dumps(value, sort_keys=True, default=str).encode("utf-8", "replace"))


def with_known(value, seed):
    """Names things that exist in two of three inputs: what nobody knows is refused before it gets anywhere."""
    if isinstance(value, list):
        return [with_known(one, seed) for one in value]
    if not isinstance(value, dict) or seed % 3 == 0:
        return value
    known = world["values"]
    return {
        name: known[name]
        if name in known and type(one) is type(known[name]) and not is_known(one)
        else with_known(one, seed)
        for name, one in value.items()
    }


def is_known(value):
    """Whether it names something already: the user that a sample names may be another than most are about."""
    return bool(value) and all(one in named for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


@schemathesis.check
class answers_as_declared:
    """Writes down every answer that is outside its declaration, once for each kind, with a request that gets it."""

    def __init__(self):
        self.statuses = defaultdict(Counter)
        self.problems = {}

    def after_response(self, context, response, case):
        method, path = case.method.upper(), case.operation.path
        is_declared = method == case.operation.method.upper()
        for problem in problems_of(response, case, declared[method, path]) if is_declared else problems_elsewhere(response):
            kind = f"{method} {path}: {re.sub('[0-9]+', '0', problem)[:120]}"
            self.problems.setdefault(kind, f"{method} {path}: {problem[:800]}\n    {case.as_curl_command()[:4000]}")
        if is_declared:
            self.statuses[f"{method} {path}"][status_of(response)] += 1

    def after_run(self, context):
        with open(os.environ["FUZZING_REPORT"], "w", encoding="utf-8") as file:
            json.dump({"statuses": self.statuses, "problems": list(self.problems.values())}, file)


def status_of(response):
    try:
        return json.loads(response.content)["statusCode"]
    except (ValueError, KeyError, TypeError):
        return None


def problems_of(response, case, operation):
    """What is wrong with the answer to a request that reached its operation."""
    status = status_of(response)
    if response.status_code == 431:
        # A query line has its length, whatever the lists in it may have.
        return
    if response.status_code != 200 or response.headers["content-type"] != ["application/json; charset=utf-8"]:
        yield f"HTTP {response.status_code} {response.headers.get('content-type')}: {response.text}"
        return
    if status is None:
        yield f"no envelope: {response.text}"
        return
    envelope = json.loads(response.content)
    if status == 200:
        if operation.data_may_be_null and envelope["data"] is None:
            return
        yield from (f"outside its declaration: {error}" for error in operation.answer.iter_errors(envelope))
        return
    if not set(envelope) <= {"statusCode", "message", "apiCode", "requestId"}:
        yield f"a failure with more than its words: {envelope}"
    if status >= 500 or not any(
        status == code and envelope.get("apiCode") == api_code and pattern.fullmatch(envelope["message"])
        for code, api_code, pattern in operation.failures
    ):
        yield f"a failure that is not declared: {envelope}"
    # Input that the document allows is not refused for its form: no bound is enforced that nobody can read.
    if is_allowed(case, operation) and status == 400 and any(one.fullmatch(envelope["message"]) for one in refused_input):
        yield f"refused, though the document allows it: {envelope['message']}"


def is_allowed(case, operation):
    # Checked once more: what is made for a pattern of Unicode classes is at times outside it.
    is_meant_so = case.meta is not None and case.meta.generation.mode.is_positive
    return is_meant_so and (operation.body is None or operation.body.is_valid(case.body))


def problems_elsewhere(response):
    """The same for another method on the path of an operation: there is nothing, or the answer to a preflight."""
    if response.status_code != 204 and status_of(response) not in (404, 431):
        yield f"HTTP {response.status_code}: {response.text}"
