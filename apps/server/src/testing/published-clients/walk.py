"""Calls methods of the published Python client: reads {host, accessKeyId, accessKeySecret, calls} and answers the results."""

import json
import re
import sys

from authing import ManagementClient


def snake_case(name):
    return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def with_made(value, made):
    """The same, with `<<name.field.0>>` replaced by what an earlier call answered."""
    if isinstance(value, str):
        place = re.fullmatch(r"<<(.+)>>", value)
        if place is None:
            return value
        name, *fields = place.group(1).split(".")
        inside = made[name]
        for field in fields:
            inside = inside[int(field)] if isinstance(inside, list) else inside[field]
        return inside
    if isinstance(value, list):
        return [with_made(one, made) for one in value]
    if isinstance(value, dict):
        return {name: with_made(one, made) for name, one in value.items()}
    return value


def main():
    work = json.load(sys.stdin)
    client = ManagementClient(
        access_key_id=work["accessKeyId"], access_key_secret=work["accessKeySecret"], host=work["host"]
    )
    answers = []
    made = {}
    for call in work["calls"]:
        method = getattr(client, call["method"])
        given = with_made(call["input"], made)
        answer = method(**{snake_case(name): value for name, value in given.items()})
        answers.append(answer)
        if "as" in call:
            # What went wrong is told by the answers.
            made[call["as"]] = answer.get("data")
    print("answers " + json.dumps(answers))


main()
