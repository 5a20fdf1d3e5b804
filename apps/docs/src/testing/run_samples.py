"""Runs Python samples one after another. Prints a JSON line for each: what it printed."""

import contextlib
import io
import json
import re
import runpy
import sys
import traceback

for file in sys.argv[1:]:
    printed = io.StringIO()
    failure = None
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_path(file, run_name="__main__")
        except Exception:
            failure = traceback.format_exc()
    text = printed.getvalue()
    status = re.search(r"'statusCode': (\d+)", text)
    outcome = {"file": file, "text": text}
    if status is not None:
        outcome["statusCode"] = int(status.group(1))
    if failure is not None:
        outcome["failure"] = failure
    print(json.dumps(outcome))
