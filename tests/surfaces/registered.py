"""Programs run without an engine: what `Secret` hands over, and what the user is told.

Theory: Pulumi keeps the state of a run in context variables and the event loop of its thread, so a
thread of its own, with a context of its own, leaves nothing behind for other tests.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent import futures
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, set_all_config, settings, stack

SECRET_KEY = "4dabf18193072939515e22adb298388d"
SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"

TYPE = "pulumi-python:dynamic/recoverable-secrets:Secret"

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/dev/db-AbCdEf"
OUTPUTS = {"arn": ARN, "name": "shop/dev/db", "restored": False}


@dataclasses.dataclass
class Run:
    """What came of a program.

    Attributes:
        requests: Registrations and reads of our resources, in order.
        messages: (level, text) of what the user was told.
        returned: What the program returned.
        failure: What it raised.
    """

    requests: list[Any] = dataclasses.field(default_factory=list)
    messages: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    returned: Any = None
    failure: BaseException | None = None

    def inputs(self, index: int = -1) -> dict[str, Any]:
        """Return the inputs of a request, the provider left out."""
        request = self.requests[index]
        struct = request.properties if hasattr(request, "properties") else request.object
        found = json_format.MessageToDict(struct)
        found.pop("__provider", None)
        return found


def plain(content: Any) -> Any:
    """Return what is marked as a secret; fails for what is not."""
    assert isinstance(content, dict)
    assert content.get(SECRET_KEY) == SECRET_MARK, "not a secret"
    return content["value"]


class _Mocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return args.resource_id or ARN, {**args.inputs, **OUTPUTS}


class _Monitor(mocks.MockMonitor):
    def __init__(self, run: Run) -> None:
        super().__init__(_Mocks())
        self.run = run

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # Pulumi's name
        if request.type == TYPE:
            self.run.requests.append(request)
        return super().RegisterResource(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        self.run.requests.append(request)
        return super().ReadResource(request)


class _Messages(logging.Handler):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def emit(self, record: logging.LogRecord) -> None:
        self.run.messages.append((record.levelname, record.getMessage()))


def run(
    program: Callable[[], Any],
    *,
    config: Mapping[str, str] | None = None,
    preview: bool = False,
    expect_failure: bool = False,
) -> Run:
    """Run a program in project shop, stack dev; what fails unexpectedly is raised."""
    done = Run()
    thread = threading.Thread(
        target=contextvars.Context().run, args=(_run, done, program, dict(config or {}), preview)
    )
    thread.start()
    thread.join()
    if done.failure is not None and not expect_failure:
        raise done.failure
    return done


def _run(done: Run, program: Callable[[], Any], config: dict[str, str], preview: bool) -> None:  # noqa: FBT001
    """Run a program in this thread and context, both of which it has for itself."""
    loops: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    async def whole() -> None:
        def keep() -> None:
            done.returned = pulumi.Output.from_input(program())

        await stack.run_pulumi_func(keep)
        done.returned = await done.returned.future()

    begin()
    # The monitor answers in threads of the loop, in each of which Pulumi wants a loop as well.
    loops[0].set_default_executor(futures.ThreadPoolExecutor(4, initializer=begin))
    logger, messages = logging.getLogger(__name__), _Messages(done)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(messages)
    try:
        set_all_config(config)
        settings.configure(settings.Settings("shop", "dev"))
        mocks.set_mocks(
            _Mocks(), "shop", "dev", preview=preview, logger=logger, monitor=_Monitor(done)
        )
        loops[0].run_until_complete(whole())
    except BaseException as failure:  # noqa: BLE001  # raised in the test's own thread
        done.failure = failure
    finally:
        logger.removeHandler(messages)
        loops[0].run_until_complete(loops[0].shutdown_default_executor())
        for loop in loops:
            loop.close()
