"""What Lambda hands to a function besides the event."""

from __future__ import annotations

import uuid

from .passing import Passing

FUNCTION = "recoverable-secrets"


class Context:
    """The context object, as far as functions commonly read it."""

    function_name = FUNCTION
    function_version = "$LATEST"
    memory_limit_in_mb = "256"
    log_group_name = f"/aws/lambda/{FUNCTION}"

    def __init__(
        self,
        time: Passing,
        *,
        seconds: float = 300,
        account: str,
        region: str,
        partition: str = "aws",
    ) -> None:
        """Let an invocation begin.

        Args:
            time: The time that passes.
            seconds: How long the function may run from now.
            account: Account of the function.
            region: Region of the function.
            partition: Partition of the function.
        """
        self._time = time
        self._end = time.monotonic() + seconds
        self.aws_request_id = str(uuid.uuid4())
        self.log_stream_name = f"stream/{self.aws_request_id}"
        self.invoked_function_arn = f"arn:{partition}:lambda:{region}:{account}:function:{FUNCTION}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left; never less than none."""
        return max(0, round(1000 * (self._end - self._time.monotonic())))
