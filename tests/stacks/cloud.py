"""Stacks, as those who deploy them see them, and the secrets, as the double holds them.

    outcome = cloud.create("shop", cloud.template(SecretString="first"))
    assert cloud.secret("shop/Secret").arn == outcome.outputs["Ref"]
    cloud.delete("shop")

Theory: one ministack serves a whole test session, for it takes seconds to have functions run; a
test gets a double of its own, and all its stacks are deleted after it. Functions are installed
once for each of their settings and stay warm.

Rules: a stack operation that does not end as expected raises StackError with the stack's events;
every wait is bounded.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Collection, Mapping
from typing import Any

from emulation import DEFAULT_ACCOUNT, DEFAULT_REGION, Aws, SecretSnapshot
from stacks.bundle import bundle_for_this_python
from stacks.emulator import Emulator

SECONDS = 60.0
"""Longest that one operation on a stack may take."""

SERVICE_TIMEOUT = 45
"""Seconds that CloudFormation waits for the function's answer: less than SECONDS."""

FUNCTION_TIMEOUT = 40
HANGING_SECONDS = 10
"""When Lambda ends a function one of whose calls hangs: before the SDK would make it again."""

HANDLER = "lambda_handler.handler.handler"
ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT}:role/recoverable-secrets"
TYPE = "Custom::RecoverableSecret"
ATTRIBUTES = ("Arn", "Id", "Name", "VersionId", "Restored")
NOWHERE = f"arn:aws:lambda:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:function:not-there"
READS = {"DescribeSecret", "GetResourcePolicy", "GetCallerIdentity"}

Template = dict[str, Any]


class StackError(AssertionError):
    """An operation ended in another way than was expected."""


@dataclasses.dataclass(frozen=True)
class Event:
    """One line of what happened: of the stack itself, or of one of its resources."""

    logical_id: str
    status: str
    reason: str
    physical_id: str

    def __str__(self) -> str:
        return f"{self.logical_id}: {self.status} {self.reason} [{self.physical_id}]"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one operation on a stack ended.

    Attributes:
        status: The stack's, such as CREATE_COMPLETE.
        outputs: The stack's outputs, by name.
        events: What happened in this operation, oldest first.
    """

    stack_id: str
    status: str
    outputs: dict[str, str]
    events: list[Event]

    def statuses(self, logical_id: str = "Secret") -> list[str]:
        """What one resource went through."""
        return [event.status for event in self.events if event.logical_id == logical_id]

    def reason(self, logical_id: str = "Secret") -> str:
        """Why a resource failed; empty if it did not."""
        failed = (event for event in self.events if event.status.endswith("_FAILED"))
        return next((event.reason for event in failed if event.logical_id == logical_id), "")

    def __str__(self) -> str:
        return "\n  ".join([self.status, *map(str, self.events)])


class Functions:
    """The functions of one ministack: one for each of their settings."""

    def __init__(self, emulator: Emulator) -> None:
        self._lambda = emulator.client("lambda")
        self._made: dict[tuple[tuple[str, str], ...], str] = {}

    def token(self, settings: Mapping[str, str]) -> str:
        """Return the ARN of a function that is installed with these parameters."""
        key = tuple(sorted(settings.items()))
        if key not in self._made:
            self._made[key] = self.install(f"function-{len(self._made)}", settings)
        return self._made[key]

    def install(
        self,
        name: str,
        settings: Mapping[str, str],
        code: bytes | None = None,
        handler: str = HANDLER,
        timeout: int = FUNCTION_TIMEOUT,
    ) -> str:
        """Install a function, and return its ARN."""
        made = self._lambda.create_function(
            FunctionName=name,
            Runtime="python3.12",  # Named only: ministack runs its own Python.
            Role=ROLE,
            Handler=handler,
            Code={"ZipFile": code or bundle_for_this_python()},
            Timeout=timeout,
            MemorySize=256,
            Environment={"Variables": dict(settings)},
        )
        return str(made["FunctionArn"])

    def upgrade(self, token: str, code: bytes) -> None:
        """Put new code into a function that is there."""
        self._lambda.update_function_code(FunctionName=token, ZipFile=code)

    def configure(self, token: str, settings: Mapping[str, str]) -> None:
        """Install a function again with other parameters."""
        self._lambda.update_function_configuration(
            FunctionName=token, Environment={"Variables": dict(settings)}
        )


class Cloud:
    """One account, as one test uses it.

    Attributes:
        aws: The double with the secrets of this test.
        functions: What is installed, for this test and others.
    """

    def __init__(self, emulator: Emulator, functions: Functions) -> None:
        self.aws = emulator.switch.double = Aws()
        self.functions = functions
        self._emulator = emulator
        self._formation = emulator.client("cloudformation")
        self._seen: set[str] = set()
        self._stacks: dict[str, str] = {}

    # Templates ----------------------------------------------------------------------------

    def declare(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        retain: bool = False,
        token: str | None = None,
        timeout: int = SERVICE_TIMEOUT,
        **properties: Any,
    ) -> Template:
        """Return a resource: a secret, looked after by the function with these parameters."""
        resource: Template = {
            "Type": TYPE,
            "Properties": {
                "ServiceToken": token or self.functions.token(settings or {}),
                "ServiceTimeout": timeout,
                **properties,
            },
        }
        return resource | ({"DeletionPolicy": "Retain"} if retain else {})

    def template(self, others: Template | None = None, **declared: Any) -> Template:
        """Return a template with one `Secret`, whose Ref and attributes are the outputs.

        Args:
            others: More resources, by logical id.
            declared: As of `declare`.
        """
        got = {name: {"Fn::GetAtt": ["Secret", name]} for name in ATTRIBUTES}
        return {
            "Resources": {"Secret": self.declare(**declared), **(others or {})},
            "Outputs": {
                name: {"Value": value} for name, value in {"Ref": {"Ref": "Secret"}, **got}.items()
            },
        }

    # Operations -----------------------------------------------------------------------------

    def create(
        self, stack: str, template: Template | str, *, ends: str = "CREATE_COMPLETE", **options: Any
    ) -> Outcome:
        """Create a stack.

        Args:
            stack: Its name.
            template: As a mapping, or as text.
            ends: The status that is expected in the end.
            options: As of `create_stack`, and `parameters` and `tags` as mappings.

        Raises:
            StackError: It ended otherwise.
        """
        created = self._formation.create_stack(
            StackName=stack, TemplateBody=body(template), **arguments(**options)
        )
        self._stacks[stack] = created["StackId"]
        passing = {"ROLLBACK_COMPLETE"} if options.get("OnFailure") == "DELETE" else set()
        return self._settled(stack, ends, passing)

    def update(
        self, stack: str, template: Template | str, *, ends: str = "UPDATE_COMPLETE", **options: Any
    ) -> Outcome:
        """Update a stack; arguments as of `create`."""
        self._formation.update_stack(
            StackName=stack, TemplateBody=body(template), **arguments(**options)
        )
        return self._settled(stack, ends)

    def delete(self, stack: str, *, ends: str = "DELETE_COMPLETE") -> Outcome:
        """Delete a stack."""
        before = self._describe(stack)["StackStatus"]
        self._formation.delete_stack(StackName=self._stacks[stack])
        return self._settled(stack, ends, {before})

    def clear(self) -> None:
        """Delete all stacks that this test made, nested ones by their parents."""
        for stack in reversed(self._stacks):  # Who imports goes before who exports.
            if self._describe(stack)["StackStatus"] != "DELETE_COMPLETE":
                self.aws.heal()
                self.aws.allow_everything()
                self.delete(stack)

    def _describe(self, stack: str) -> dict[str, Any]:
        found = self._formation.describe_stacks(StackName=self._stacks[stack])
        return dict(found["Stacks"][0])

    def _settled(self, stack: str, ends: str, passing: Collection[str] = ()) -> Outcome:
        """Wait for a status that lasts; those of `passing` do not."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = self._describe(stack)
            status = found["StackStatus"]
            if not status.endswith("_IN_PROGRESS") and status not in passing:
                break
            if time.monotonic() > deadline:
                raise StackError(f"{stack} is still {status}\n{self._news(stack)}")
            time.sleep(0.02)
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
        outcome = Outcome(self._stacks[stack], status, outputs, self._news(stack))
        if status != ends:
            raise StackError(f"{stack} should have ended {ends}, but:\n{outcome}")
        return outcome

    def _news(self, stack: str) -> list[Event]:
        """Return the events that were not returned before, oldest first."""
        pages = self._formation.get_paginator("describe_stack_events").paginate(
            StackName=self._stacks[stack]
        )
        new = [
            event
            for page in pages
            for event in page["StackEvents"]
            if event["EventId"] not in self._seen
        ]
        self._seen.update(event["EventId"] for event in new)
        return [
            Event(
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
                event.get("PhysicalResourceId", ""),
            )
            for event in reversed(new)
        ]

    # Looking --------------------------------------------------------------------------------

    def secret(self, name: str = "shop/Secret") -> SecretSnapshot:
        """Return a secret as the double holds it, in whatever state."""
        return self.aws.secret(name)

    def writes(self, before: SecretSnapshot | None = None) -> list[str]:
        """Return the calls that may have changed something, in order.

        Args:
            before: A secret; to put a version that it had already only compares values.
        """
        known = before.versions if before else ()
        return [
            record.action
            for record in self.aws.calls
            if record.action not in READS
            and not (
                record.action == "PutSecretValue"
                and record.parameters["ClientRequestToken"] in known
            )
        ]

    def resources(self, stack: str) -> dict[str, str]:
        """Return the physical ids of a stack's resources, by logical id."""
        found = self._formation.describe_stack_resources(StackName=self._stacks[stack])
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"]
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client of ministack."""
        return self._emulator.client(service)

    def logs(self) -> str:
        """Return all that functions have logged in this session, and ministack with them."""
        logs, lines = self.client("logs"), []
        for group in logs.describe_log_groups()["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            )
            lines += [event["message"] for page in pages for event in page["events"]]
        return "\n".join(lines)


def broken(*after: str) -> Template:
    """Return a resource that always fails, once those of these logical ids are done."""
    properties = {"ServiceToken": NOWHERE, "ServiceTimeout": 5}
    return {"Type": "Custom::Broken", "Properties": properties, "DependsOn": list(after)}


def body(template: Template | str) -> str:
    """Return a template as CloudFormation takes it."""
    return template if isinstance(template, str) else json.dumps(template)


def arguments(
    *,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Return keyword arguments as boto3 takes them."""
    if parameters is not None:
        options["Parameters"] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ]
    if tags is not None:
        options["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return options
