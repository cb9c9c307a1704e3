"""ministack as serve.py has it, with what Lambda and CloudFormation do about a function that dies.

Lambda delivers an event twice more if the function was killed: those whose names begin with
`retried`. CloudFormation waits for the answer as long as the template says; where nobody is left
to give it, it need not wait here.
"""

from __future__ import annotations

import runpy
import threading
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

RETRIES = 2
DIED = "Worker process died"

_once, _register = lambda_svc._execute_function_with_config_scope, custom_resource.register_token
_asked = threading.local()


class _Answer(threading.Event):
    """The answer to an event, for which nobody waits if it cannot come."""

    hopeless = False

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0 if self.hopeless else timeout)


def _awaited(token: str) -> threading.Event:
    _register(token)
    _asked.answer = _Answer()
    with custom_resource._lock:
        custom_resource._pending[token]["event"] = _asked.answer
    return _asked.answer


def _delivered(record: dict[str, Any], event: Any) -> Any:
    """Deliver an event to a function, as often as Lambda does."""
    name = (record.get("config") or record).get("FunctionName", "")
    result = {}
    for _ in range(1 + RETRIES * name.startswith("retried")):
        result = _once(record, event)
        if not result.get("error") or DIED not in str(result):
            break
    _asked.answer.hopeless = DIED in str(result)
    return result


if __name__ == "__main__":
    lambda_svc._execute_function_with_config_scope = _delivered
    custom_resource.register_token = _awaited
    runpy.run_path(str(Path(__file__).with_name("serve.py")), run_name="__main__")
