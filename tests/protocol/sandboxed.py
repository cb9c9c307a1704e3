"""One sandbox of the function as a process: events come in on stdin, one a line.

    python -m protocol.sandboxed FUNCTION-ARN SECONDS

For each event it says on stdout, on a line of its own, how many of those seconds were left after
the answer. It loads nothing but the function: a thousand events take some of these.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid

from lambda_handler.handler import handler


class Context:
    """What Lambda hands over besides the event, in real time."""

    function_name = "recoverable-secrets"
    log_stream_name = "stream"

    def __init__(self, function: str, seconds: float) -> None:
        """Let an invocation begin that may take so long."""
        self.invoked_function_arn = function
        self.aws_request_id = str(uuid.uuid4())
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left; never less than none."""
        return max(0, round(1000 * (self._end - time.monotonic())))


def main(function: str, seconds: float) -> None:
    """Handle events until there are no more."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # What the function prints is no word of ours.
    for line in sys.stdin:
        context = Context(function, seconds)
        handler(json.loads(line), context)
        left = context.get_remaining_time_in_millis() / 1000
        print(left, file=told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
