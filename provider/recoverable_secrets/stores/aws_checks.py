"""What the credentials in use may do, and what the clock says: asked of AWS, changing nothing.

What can be read harmlessly is read: the answer is AWS's own. What changes something is simulated
by IAM, which knows neither session policies nor the policies of keys and secrets.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from recoverable_secrets.core import errors

from . import aws_calls, aws_errors

PERMISSIONS = {
    "SimulatePrincipalPolicy": ("iam:SimulatePrincipalPolicy",),
    "GetRole": ("iam:GetRole",),
}
"""What each operation needs that is called here for IAM's own opinion."""

NOBODYS = "recoverable-secrets/doctor/nobodys"
"""The name that permissions are checked for by default; it does not matter whether it exists."""

_ALARM = "recoverable-secrets-access-alarm"
_ROLE = re.compile(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+")
_PRINCIPAL = re.compile(r"arn:[^:]+:iam::\d+:(user|role)/.+")
_UNASKED = frozenset({"InternalError", "OptInRequired", "UnknownOperationException"})
_EVENT = "response-received.sts.GetCallerIdentity"

_ARNS = {
    "secretsmanager": "arn:{0.partition}:secretsmanager:{0.region}:{0.account}:secret:{name}",
    "sns": "arn:{0.partition}:sns:{0.region}:{0.account}:" + _ALARM,
    "cloudwatch": "arn:{0.partition}:cloudwatch:{0.region}:{0.account}:alarm:" + _ALARM,
    "events": "arn:{0.partition}:events:{0.region}:{0.account}:rule/" + _ALARM,
}
_ANY = frozenset(
    {
        "cloudformation:ListStacks",
        "cloudtrail:DescribeTrails",
        "cloudwatch:DescribeAlarms",
        "secretsmanager:ListSecrets",
    }
)
"""Actions that are granted for all resources, or not at all."""

_PROBES: Mapping[str, Mapping[str, Any]] = {
    "cloudformation:ListStacks": {},
    "cloudformation:ListStackResources": {"StackName": "recoverable-secrets-nobodys"},
    "cloudwatch:DescribeAlarms": {"MaxRecords": 1},
    "events:DescribeRule": {"Name": _ALARM},
    "events:ListTargetsByRule": {"Rule": _ALARM},
    "kms:DescribeKey": {"KeyId": "alias/aws/secretsmanager"},
    "logs:DescribeMetricFilters": {"limit": 1},
    "secretsmanager:DescribeSecret": {"SecretId": "{name}"},
    "secretsmanager:GetResourcePolicy": {"SecretId": "{name}"},
    "secretsmanager:ListSecretVersionIds": {"SecretId": "{name}", "MaxResults": 1},
    "secretsmanager:ListSecrets": {"MaxResults": 1},
    "sns:GetTopicAttributes": {"TopicArn": "{topic}"},
    "sns:ListSubscriptionsByTopic": {"TopicArn": "{topic}"},
}
"""Calls that change nothing: action, request. That there is no such thing is an answer."""


class Clients(aws_calls.Clients, Protocol):
    """What is needed of the AWS store; besides, all regions that there are."""

    @property
    def regions(self) -> tuple[str, ...]:
        """All regions of the partition, as the SDK knows them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose credentials are in use, and where.

    Attributes:
        arn: Who it is.
        account: Its account.
        partition: Its partition, such as `aws`.
        region: Where it was asked.
        name: The secret's name that permissions are checked for.
    """

    arn: str
    account: str
    partition: str
    region: str
    name: str = NOBODYS


@dataclass(frozen=True, slots=True)
class Answer:
    """What STS said.

    Attributes:
        who: The caller, or what went wrong.
        ahead: By how much the local clock is ahead; `None` if the answer told no time.
    """

    who: Caller | errors.RecoverableSecretsError
    ahead: dt.timedelta | None


class Grant(enum.Enum):
    """Whether an action is allowed."""

    ALLOWED = "allowed"
    DENIED = "denied"
    """Nothing allows it."""
    BLOCKED = "blocked"
    """Something forbids it, so that a grant alone does not help."""
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an action is allowed, and how that is known.

    Attributes:
        grant: Whether it is.
        how: How that is known, or why it is not.
        asks: The actions that would let it be known.
    """

    grant: Grant
    how: str
    asks: tuple[str, ...] = ()


def resource(caller: Caller, action: str, name: str = "") -> str:
    """Return the ARN that an action is checked for; `*` where no particular one is known.

    Args:
        caller: In whose account, and where.
        action: Such as `secretsmanager:DeleteSecret`.
        name: The secret, with the characters that AWS appends; by default the caller's.
    """
    service = action.partition(":")[0]
    if action in _ANY or service not in _ARNS:
        return "*"
    return _ARNS[service].format(caller, name=name or f"{caller.name}-AbCdEf")


def known_region(store: Clients) -> bool:
    """Whether the SDK knows the region as one with the service; no call.

    Raises:
        RecoverableSecretsError: The profile does not exist, or no region is set.
    """
    subject = aws_errors.Subject("the region", "the caller")
    return aws_calls.answered(subject, lambda: store.region in store.regions)


def who(store: Clients, now: Callable[[], dt.datetime], name: str = NOBODYS) -> Answer:
    """Return whose credentials are in use, and how the local clock stands to AWS's.

    Args:
        store: Whose clients to use.
        now: Tells the local time, in UTC.
        name: The secret's name that permissions are to be checked for.
    """
    ahead: list[dt.timedelta] = []

    def noted(parsed_response: Mapping[str, Any] | None = None, **_: object) -> None:
        told = (parsed_response or {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        date = _date(told.get("date", ""))
        if date is not None:
            ahead.append(now() - date)

    def call() -> dict[str, Any]:
        client = store.client("sts", store.region)
        client.meta.events.register(_EVENT, noted)
        try:
            answer: dict[str, Any] = client.get_caller_identity()
            return answer
        finally:
            client.meta.events.unregister(_EVENT, noted)

    subject = aws_errors.Subject("GetCallerIdentity", "the caller")
    found: Caller | errors.RecoverableSecretsError
    try:
        told = aws_calls.answered(subject, call)
        found = Caller(
            arn=told["Arn"],
            account=told["Account"],
            partition=told["Arn"].split(":")[1],
            region=store.region,
            name=name,
        )
    except errors.RecoverableSecretsError as error:
        found = error
    return Answer(found, ahead[-1] if ahead else None)


def _date(text: str) -> dt.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(dt.UTC)
    except ValueError:
        return None


def findings(store: Clients, caller: Caller, actions: Iterable[str]) -> dict[str, Finding]:
    """Return which actions are allowed to the caller.

    Args:
        store: Whose clients to use.
        caller: Who it is.
        actions: Such as `secretsmanager:DeleteSecret`.
    """
    wanted = tuple(dict.fromkeys(actions))
    found: dict[str, Finding] = {}
    mute: dict[str, Finding] = {}
    for action in filter(_PROBES.__contains__, wanted):
        service = action.partition(":")[0]
        # Who gets no answer once, would wait as long for each other one.
        found[action] = mute.get(service) or tried(store, caller, action)
        if found[action].grant is Grant.UNSURE:
            mute[service] = found[action]
    rest = [each for each in wanted if each not in found or found[each].grant is Grant.UNSURE]
    return found | (simulated(store, caller, rest) if rest else {})


def tried(store: Clients, caller: Caller, action: str) -> Finding:
    """Return whether an action is allowed, by a call that changes nothing.

    Any answer about its matter is a yes.
    """
    service, _, operation = action.partition(":")
    spelt = {"name": caller.name, "topic": resource(caller, "sns:")}
    request = {
        k: v.format(**spelt) if isinstance(v, str) else v for k, v in _PROBES[action].items()
    }
    subject = aws_errors.Subject(operation, "a check", needs=(action,))
    try:
        aws_calls.called(store, service, store.region, subject, request)
    except errors.AccessDenied as error:
        blocked = "explicit deny" in str(error)
        return _refused(blocked=blocked, who="an explicit deny")
    except errors.StoreError as error:
        if error.code in _UNASKED:
            return Finding(Grant.UNSURE, f"AWS answered {error.code}")
    except errors.RecoverableSecretsError as error:
        return Finding(Grant.UNSURE, str(error))
    return Finding(Grant.ALLOWED, "asked")


def _refused(*, blocked: bool, who: str = "") -> Finding:
    if blocked:
        return Finding(Grant.BLOCKED, f"{who} forbids it: a grant alone does not help")
    return Finding(Grant.DENIED, "nothing allows it")


def simulated(store: Clients, caller: Caller, actions: Iterable[str]) -> dict[str, Finding]:
    """Return which actions IAM thinks are allowed; one call for each resource and page."""
    wanted = tuple(actions)
    by_arn: dict[str, list[str]] = {}
    for action in wanted:
        by_arn.setdefault(resource(caller, action), []).append(action)
    found: dict[str, Finding] = {}
    try:
        source = _principal(store, caller)
        for arn, some in by_arn.items():
            found.update(_judged(each) for each in _pages(store, caller, source, arn, some))
    except errors.RecoverableSecretsError as error:
        return {each: found.get(each, _unasked(error)) for each in wanted}
    silent = Finding(Grant.UNSURE, "IAM says nothing of it")
    return {each: found.get(each, silent) for each in wanted}


def _unasked(error: errors.RecoverableSecretsError) -> Finding:
    if isinstance(error, errors.AccessDenied):
        asks = PERMISSIONS["SimulatePrincipalPolicy"]
        how = f"only IAM could tell, and {asks[0]} is missing"
        return Finding(Grant.UNSURE, how, asks)
    return Finding(Grant.UNSURE, f"only IAM could tell: {error}")


def _principal(store: Clients, caller: Caller) -> str:
    """Return what IAM simulates for: a user or a role; of a session, its role.

    Raises:
        RecoverableSecretsError: It is another kind of caller.
    """
    found = _ROLE.fullmatch(caller.arn)
    if found is None:
        if not _PRINCIPAL.fullmatch(caller.arn):
            raise errors.StoreError("it simulates for users and roles alone", "NoPrincipal")
        return caller.arn
    # The session's ARN lacks the path of the role, which GetRole alone knows.
    role: dict[str, Any]
    try:
        request = {"RoleName": found[3]}
        subject = _of_caller("GetRole")
        role = aws_calls.called(store, "iam", store.region, subject, request)["Role"]
    except errors.RecoverableSecretsError:
        return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}"
    return str(role["Arn"])


def _pages(
    store: Clients, caller: Caller, source: str, arn: str, actions: list[str]
) -> Iterator[dict[str, Any]]:
    request = {
        "PolicySourceArn": source,
        "ActionNames": actions,
        "ResourceArns": [arn],
        "ContextEntries": [
            {
                "ContextKeyName": "aws:RequestedRegion",
                "ContextKeyValues": [caller.region],
                "ContextKeyType": "string",
            }
        ],
    }
    subject = _of_caller("SimulatePrincipalPolicy")
    for page in aws_calls.pages(store, "iam", store.region, subject, request, token="Marker"):
        yield from page.get("EvaluationResults") or ()


def _of_caller(operation: str) -> aws_errors.Subject:
    return aws_errors.Subject(operation, "the caller", needs=PERMISSIONS[operation])


def _judged(told: Mapping[str, Any]) -> tuple[str, Finding]:
    """Return an action and what IAM's simulation says of it."""
    action, decision = str(told["EvalActionName"]), told.get("EvalDecision")
    if decision == "allowed":
        return action, Finding(Grant.ALLOWED, "simulated by IAM")
    if told.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        return action, _refused(blocked=True, who="a service control policy")
    boundary = told.get("PermissionsBoundaryDecisionDetail", {})
    if boundary.get("AllowedByPermissionsBoundary") is False:
        return action, _refused(blocked=True, who="the permissions boundary")
    lacking = [str(each) for each in told.get("MissingContextValues") or ()]
    if lacking:
        keys = errors.clip(", ".join(sorted(lacking)), 90)
        return action, Finding(Grant.UNSURE, f"it depends on conditions: {keys}")
    if decision == "explicitDeny":
        return action, _refused(blocked=True, who="an explicit deny")
    if told.get("EvalResourceName") == "*" and action not in _ANY:
        service = action.partition(":")[0]
        return action, Finding(
            Grant.UNSURE, f"not allowed everywhere, but perhaps where it matters ({service})"
        )
    return action, _refused(blocked=False)
