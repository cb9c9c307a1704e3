"""A true cold start, in a process of its own, with everything at DEBUG: no canary comes out of it.

In the tests' own process all loggers exist already; here those that come into being late count too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from protocol.stack import Stack
from protocol.test_canary import KEY, NAME, SESSION, TEXT, leaks
from protocol.world import World

ROOT = Path(__file__).parents[2]

CHILD = """
import json, logging, sys, time
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
import crhelper.log_helper
crhelper.log_helper.setup = lambda *_args, **_kwargs: None
from lambda_handler.handler import handler

class Context:
    invoked_function_arn, aws_request_id, function_name = sys.argv[1], "request", "function"
    def get_remaining_time_in_millis(self):
        return 60_000

for event in json.load(sys.stdin):
    handler(event, Context())
print("done")
"""


def test_a_process_of_its_own_at_debug(world: World) -> None:
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    create = stack.event("Create", {"SecretString": TEXT}, ResponseURL=world.receiver.url())
    sources = "arn:aws:ssm:*:*:parameter/*"
    world.aws.add_parameter("/shared/db", TEXT)
    read = stack.event(
        "Create",
        {"ValueFrom": {"SsmParameter": "/shared/db"}},
        logical="Other",
        ResponseURL=world.receiver.url(),
    )
    bad = stack.event("Create", {"Password": TEXT}, ResponseURL=world.receiver.url())
    with world.aws.serve() as url:
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, world.token()],
            input=json.dumps([create, read, bad]),
            env={
                **os.environ,
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
                "AWS_ENDPOINT_URL_STS": url,
                "AWS_ENDPOINT_URL_SSM": url,
                "ALLOWED_VALUE_SOURCES": sources,
                "AWS_SECRET_ACCESS_KEY": KEY,
                "AWS_SESSION_TOKEN": SESSION,
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.stdout == "done\n", ran.stderr[-500:]
    assert len(world.receiver.puts) == 3
    assert world.aws.secret(NAME).value == TEXT
    assert world.aws.secret("shop/Other").value == TEXT
    assert "CloudFormation returned status code" in ran.stderr, "crhelper is heard"
    assert not leaks(ran.stdout + ran.stderr)
