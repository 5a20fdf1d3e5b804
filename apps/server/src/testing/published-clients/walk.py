"""Calls methods of the published Python client: reads {host, accessKeyId, accessKeySecret, calls} and answers the results."""

import json
import re
import sys

from authing import ManagementClient


def snake_case(name):
    return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def main():
    work = json.load(sys.stdin)
    client = ManagementClient(
        access_key_id=work["accessKeyId"], access_key_secret=work["accessKeySecret"], host=work["host"]
    )
    answers = []
    for call in work["calls"]:
        method = getattr(client, call["method"])
        answers.append(method(**{snake_case(name): value for name, value in call["input"].items()}))
    print("answers " + json.dumps(answers))


main()
