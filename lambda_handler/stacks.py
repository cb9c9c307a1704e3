"""What CloudFormation tells of a stack: its stable name, its tags, and what it is doing.

An event names its stack and says no more. Whether a Delete is an ordinary one or takes back a
failed operation stands in the status of the stack and of those that it is nested in; what cannot
be ruled out counts as a rollback.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors
from recoverable_secrets.stores import aws, aws_calls, aws_errors

NESTING = 20
"""Most stacks that are walked up; CloudFormation itself nests less deep."""

_PAGES = 20
"""Most pages of events that are read: a stack has at most 500 resources, a page 100 events."""

_WORKING = {
    "Create": frozenset(
        {
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "IMPORT_IN_PROGRESS",
            "REVIEW_IN_PROGRESS",
        }
    ),
    "Update": frozenset(
        {
            "UPDATE_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "IMPORT_IN_PROGRESS",
            "IMPORT_ROLLBACK_IN_PROGRESS",
        }
    ),
}
_ONCE_COMPLETE = re.compile(r"(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE")
_NAME_LIMIT = 128
_CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
_STACK_SET_ROLE = re.compile(
    r":role/(.*/)?(AWSCloudFormationStackSetExecutionRole|stacksets-exec-[0-9a-f-]{32,36})$"
)


class Deletion(enum.Enum):
    """What a Delete event of a stack means, as far as statuses tell."""

    ORDINARY = "ordinary"
    ROLLBACK = "rollback"
    LATE = "late"
    """The stack is not at work at all."""
    UNPROVEN = "unproven"
    """Ordinary if the root stack was once complete; else it may be `OnFailure: DELETE`.

    Only events prove it: a first deployment by change set has a LastUpdatedTime already.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack, and those that it is nested in.

    Attributes:
        path: Names from the root down, generated suffixes taken off: the same for a stack that
            is created anew.
        tags: The stack's tags, AWS's own left out.
        statuses: Status of this stack, of its parent, and so on up to the root.
        root: Id of the root stack.
    """

    path: tuple[str, ...]
    tags: Mapping[str, str]
    statuses: tuple[str, ...]
    root: str

    def works_on(self, request_type: str) -> bool:
        """Whether the stack is at work that sends such a `Create` or `Update`."""
        return self.statuses[0] in _WORKING[request_type]

    @property
    def rolling_back(self) -> bool:
        """Whether an `Update` takes back an earlier one."""
        return "ROLLBACK" in self.statuses[0]

    @property
    def gives_up(self) -> bool:
        """Whether a secret may go whose id CloudFormation was never told.

        In an update that succeeds, the same Create was tried again, and the secret is its.
        """
        return any("ROLLBACK" in each or each == "DELETE_IN_PROGRESS" for each in self.statuses)

    @property
    def deletion(self) -> Deletion:
        """What a `Delete` means now."""
        if not any(status.endswith("_IN_PROGRESS") for status in self.statuses):
            return Deletion.LATE
        if not set(self.statuses) <= {"DELETE_IN_PROGRESS", _CLEANUP}:
            return Deletion.ROLLBACK
        return Deletion.ORDINARY if _CLEANUP in self.statuses else Deletion.UNPROVEN


def look(stack_id: str) -> Stack:
    """Return what CloudFormation tells of a stack; one call for each stack up to the root.

    Raises:
        InvalidInput: It is no id of a stack.
        AccessDenied: The function's role lacks `cloudformation:DescribeStacks`.
        Temporary: CloudFormation could not answer.
        StoreError: There is no such stack.
    """
    if not re.fullmatch(r"[!-~]+", stack_id):
        name(stack_id)  # Fails: what cannot be sent is not asked about.
    chain = [_described(stack_id)]
    while chain[-1].get("ParentId") and len(chain) < NESTING:
        chain.append(_described(chain[-1]["ParentId"]))
    return aws_calls.answered(_subject("DescribeStacks", stack_id), lambda: _seen(chain))


def _seen(chain: list[dict[str, Any]]) -> Stack:
    root = chain[-1]
    return Stack(
        path=_path(chain),
        tags={
            tag["Key"]: tag["Value"]
            for tag in chain[0].get("Tags") or ()
            if not tag["Key"].startswith("aws:")
        },
        statuses=tuple(found["StackStatus"] for found in chain),
        root=root["StackId"],
    )


def name(stack_id: str) -> str:
    """Return the stack's name that an id holds: `arn:…:stack/NAME/GUID`.

    Raises:
        InvalidInput: It is no id of a stack.
    """
    found = re.fullmatch(
        r"arn:[a-z-]+:cloudformation:[a-z0-9-]+:[0-9]{12}:stack/([!-.0-~]+)/[!-.0-~]+",
        stack_id,
    )
    if found is None:
        raise errors.InvalidInput(["StackId is no ARN of a stack: only CloudFormation may send it"])
    return found[1]


def once_complete(stack_id: str) -> bool:
    """Whether a stack was complete at some time, as its events tell; newest first, page by page.

    Raises:
        AccessDenied: The function's role lacks `cloudformation:DescribeStackEvents`.
        Temporary: CloudFormation could not answer.
        StoreError: There is no such stack.
    """
    token: dict[str, str] = {}
    for _ in range(_PAGES):
        page = _call("DescribeStackEvents", stack_id, **token)
        for event in page.get("StackEvents") or ():
            own = event.get("PhysicalResourceId") == stack_id
            if own and _ONCE_COMPLETE.fullmatch(event.get("ResourceStatus", "")):
                return True
        if not page.get("NextToken"):
            return False
        token = {"NextToken": page["NextToken"]}
    return False


def _path(chain: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names from the root down, without what CloudFormation appended to them.

    A nested stack is named `<parent's name>-<logical id>-<random>`, an instance of a StackSet
    `StackSet-<its name>-<random>`. Whoever may create stacks could choose a name like the
    latter, so the role that only StackSets use has to agree.
    """
    root = chain[-1]
    first = root["StackName"]
    if first.startswith("StackSet-") and _STACK_SET_ROLE.search(root.get("RoleARN") or ""):
        first = re.sub(r"-[0-9a-f-]{36}$", "", first)
    names = [first]
    for parent, child in zip(chain[:0:-1], chain[-2::-1], strict=True):
        full = child["StackName"]
        inner = full.removeprefix(f"{parent['StackName']}-")
        # A name that was cut to fit may be a sister's too without its ending.
        cut = len(full) >= _NAME_LIMIT or inner == full
        names.append(full if cut else re.sub(r"-[A-Z0-9]{10,}$", "", inner))
    return tuple(names)


def _described(stack_id: str) -> dict[str, Any]:
    try:
        found = _call("DescribeStacks", stack_id)
    except errors.StoreError as failure:
        if failure.code != "ValidationError":
            raise
    else:
        return aws_calls.answered(
            _subject("DescribeStacks", stack_id), lambda: dict(found["Stacks"][0])
        )
    raise errors.StoreError(
        f"the {errors.short(stack_id.rpartition(':')[2], 120)} does not exist: nothing was done. "
        "Only CloudFormation may send events",
        "ValidationError",
    )


def _call(operation: str, stack_id: str, **options: str) -> dict[str, Any]:
    store, subject = aws.open_store(aws.Connection()), _subject(operation, stack_id)
    request = {"StackName": stack_id, **options}
    return aws_calls.called(store, "cloudformation", store.region, subject, request)


def _subject(operation: str, stack_id: str) -> aws_errors.Subject:
    stack = f"stack {stack_id.rpartition('stack/')[2]}"
    return aws_errors.Subject(operation, stack, needs=(f"cloudformation:{operation}",))
