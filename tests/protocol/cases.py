"""Event cases as JSON files: the world before, the event, and what has to come of it.

    reason      why this case is here
    install     install parameters, as environment variables
    secrets     secrets that are there already, made by hand: Name, SecretString, Description, Tags,
                pending, replicas, service, region
    parameters  parameters of Systems Manager that are there already: their values by name
    behaviour   what AWS leaves open: the double's settings by name
    earlier     steps before: each as below, `expect` only if it says something
    stack       the stack as CloudFormation tells of it at this step: status, updated, completed,
                tags, name, unknown, anew (another GUID), role
    looks       faults of CloudFormation's API: throttle, denied, internal, reset; with times
    calls       a fault of Secrets Manager: its name, action, times
    receiver    what happens to the answers: accept, refuse, fail, drop, deaf
    days        days that pass before
    keys        KMS keys from here on: their states by id
    principals  how long resource policies that name them are refused: seconds by ARN
    now         parameters of Systems Manager that have other values from here on
    by_hand     calls that people make before: parameters by action
    reinstall   other install parameters from here on
    event       what differs from the usual event of that RequestType
    without     keys that the event does not have
    expect      Status (or "none": nobody is answered), Reason (texts in it), id, data, secrets (all
                that there is: null for what must not be there), actions (exactly these calls),
                never (calls that were not made), looks (calls on CloudFormation), elsewhere
                (calls on KMS and Systems Manager)

In texts `<arn NAME>`, `<stack>`, `<first>` (the first stack, before `anew`), `<id>` (the last that
was answered), `<before>` (the one before it), `<failed>` (the last of a failure), `<request>` (the
last that was sent), `<long N>`, `<region>` and `<account>` are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emulation import SecretSnapshot, faults

from . import stacks
from .stack import SECRET, Stack
from .world import ACCOUNT, MISSING, REGION, Delivery, World

FOLDER = Path(__file__).parent / "cases"
KEYS = {"reason", "install", "secrets", "parameters", "behaviour", "earlier"}
STEP = {
    "stack", "looks", "calls", "receiver", "days", "keys", "principals", "now", "by_hand",
    "reinstall", "event", "without", "expect",
}  # fmt: skip
EXPECTED = {
    "Status", "Reason", "id", "data", "secrets", "actions", "never", "looks", "elsewhere",
}  # fmt: skip

_STATUS = {
    "Create": "CREATE_IN_PROGRESS",
    "Update": "UPDATE_IN_PROGRESS",
    "Delete": "DELETE_IN_PROGRESS",
}
_MARKS = "recoverable-secrets:"

Case = Mapping[str, Any]


def load() -> dict[str, Case]:
    """Return all cases by the names of their files."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.json"))
    }


def run(case: Case, world: World) -> None:
    """Play a case, and check what is expected of each step."""
    _Player(world).run(case)


class _Player:
    def __init__(self, world: World) -> None:
        self.world = world
        self.stack: Stack | None = None
        self.last: Delivery | None = None
        self.before = self.first = self.failed = ""

    def run(self, case: Case) -> None:
        unknown = set(case) - KEYS - STEP
        assert not unknown, f"keys of the case: {unknown}"
        before = (
            {}
            if any("install" in step for step in case.get("earlier", ()))
            else case.get("install", {})
        )
        self.world.install(**before)
        world = self.world
        for name, content in case.get("behaviour", {}).items():
            setattr(world.aws.behaviour, name, content)
        for given in case.get("secrets", ()):
            self._plant(given)
        for name, content in case.get("parameters", {}).items():
            world.aws.add_parameter(name, content)
        for step in case.get("earlier", ()):
            assert set(step) <= STEP, f"keys of a step: {set(step) - STEP}"
            self._step(step)
        self._step({name: content for name, content in case.items() if name in STEP})

    def _plant(self, given: Mapping[str, Any]) -> None:
        world = self.world
        more = {name: given[name] for name in ("SecretString", "Description") if name in given}
        tags = [{"Key": k, "Value": v} for k, v in given.get("Tags", {}).items()]
        regions = [{"Region": region} for region in given.get("replicas", ())]
        more |= {"Tags": tags} if tags else {}
        more |= {"AddReplicaRegions": regions} if regions else {}
        place = {"region": given["region"]} if "region" in given else {}
        world.aws.by_hand("CreateSecret", Name=given["Name"], **place, **more)
        if "service" in given:
            world.aws.plant(given["Name"], OwningService=given["service"])
        if given.get("pending"):
            world.aws.by_hand("DeleteSecret", SecretId=given["Name"])

    def _step(self, step: Mapping[str, Any]) -> None:
        world = self.world
        world.install(**step.get("reinstall", {}))
        world.aws.clock.advance(days=step.get("days", 0))
        for key, state in step.get("keys", {}).items():
            world.aws.add_key(key, state)
        for principal, seconds in step.get("principals", {}).items():
            world.aws.know_principal_after(principal, seconds)
        for name, content in step.get("now", {}).items():
            world.aws.add_parameter(name, content)
        told = dict(step.get("stack", {}))
        if self.stack is None or told.pop("anew", False):
            name = told.pop("name", self.stack.record.name if self.stack else "shop")
            self.stack = Stack(world, name)
            self.first = self.first or self.stack.id
        overrides = self._filled(step.get("event", {}))
        kind = overrides.get("RequestType", "Create")
        self._tell(told, kind)
        for action, parameters in self._filled(step.get("by_hand", {})).items():
            world.aws.by_hand(action, **parameters)
        if "event" not in step:
            return
        world.stacks.faults[:] = [stacks.Fault(**each) for each in step.get("looks", ())]
        world.aws.heal()
        for each in step.get("calls", ()):
            options = dict(each)
            world.aws.inject(getattr(faults, options.pop("fault"))(**options))
        world.receiver.conducts[:] = step.get("receiver", ())
        event = self._event(kind, overrides)
        event |= dict.fromkeys(step.get("without", ()), MISSING)
        self.before = str(self._answered("PhysicalResourceId")) if self.last else ""
        self.last = world.deliver(event)
        if self.last.puts and not self.last.succeeded:
            self.failed = self.last.id
        self._check(step.get("expect", {"Status": "SUCCESS"}))

    def _tell(self, told: dict[str, Any], kind: str) -> None:
        """Bring the stack to where it is when it sends such an event."""
        assert self.stack is not None
        record = self.stack.record
        if told.pop("completed", kind != "Create" and self.last is not None):
            record.becomes("CREATE_COMPLETE")
        if told.pop("updated", kind == "Update"):
            record.updated = record.created
        record.tags = told.pop("tags", record.tags)
        record.role = told.pop("role", record.role)
        record.becomes(told.pop("status", _STATUS.get(str(kind), "CREATE_IN_PROGRESS")))
        if told.pop("unknown", False):
            self.world.stacks.forget(record.id)
        assert not told, f"keys of the stack: {set(told)}"

    def _event(self, kind: str, overrides: dict[str, Any]) -> dict[str, Any]:
        assert self.stack is not None
        before = self.last.event if self.last else {}
        old = overrides.pop("OldResourceProperties", before.get("ResourceProperties", {}))
        properties = overrides.pop("ResourceProperties", {} if kind == "Create" else old)
        event = self.stack.event(kind, {}, logical=overrides.pop("LogicalResourceId", SECRET))
        token = {"ServiceToken": self.world.token()}
        # Properties stand in the files as they are to arrive: nothing is turned into text.
        event["ResourceProperties"] = (
            {**token, **properties} if isinstance(properties, dict) else properties
        )
        if kind == "Update":
            event["OldResourceProperties"] = {**token, **old} if isinstance(old, dict) else old
        if kind != "Create":
            event["PhysicalResourceId"] = self._filled("<id>") if self.last else "none"
        return {**event, **overrides}

    def _filled(self, content: Any) -> Any:
        if isinstance(content, Mapping):
            return {self._filled(name): self._filled(inner) for name, inner in content.items()}
        if isinstance(content, list):
            return [self._filled(each) for each in content]
        if not isinstance(content, str):
            return content
        return re.sub(r"<([a-z]+)(?: ([^<>]+))?>", self._replaced, content)

    def _replaced(self, found: re.Match[str]) -> str:
        word, name = found[1], found[2]
        if word == "arn":
            return self.world.aws.secret(name).arn or "nothing"
        if word == "long":
            return "x" * int(name)
        if word == "id":
            return str(self._answered("PhysicalResourceId"))
        if word in {"before", "failed"}:
            return self.before if word == "before" else self.failed
        if word == "request":
            assert self.last is not None
            return str(self.last.event["RequestId"])
        if word in {"stack", "first"}:
            assert self.stack is not None
            return self.stack.id if word == "stack" else self.first
        return {"region": REGION, "account": ACCOUNT}.get(word, found[0])

    def _answered(self, name: str) -> Any:
        assert self.last is not None
        return json.loads(self.last.puts[-1].body)[name]

    def _check(self, expected: Mapping[str, Any]) -> None:
        assert set(expected) <= EXPECTED, f"keys of an expectation: {set(expected) - EXPECTED}"
        made = self.last
        assert made is not None
        if expected.get("Status") == "none":
            assert not made.puts
            assert made.raised is None
        else:
            status = made.answer["Status"]
            assert status == expected.get("Status", status), made.answer
            for text in expected.get("Reason", ()):
                assert text in made.reason
            if "id" in expected:
                assert re.fullmatch(self._filled(expected["id"]), made.id)
            told = self._filled(expected.get("data", {}))
            assert told.items() <= made.answer["Data"].items()
        if "actions" in expected:
            assert made.actions == expected["actions"]
        assert not set(made.actions) & set(expected.get("never", ())), made.actions
        if "looks" in expected:
            assert [call.action for call in made.looks] == expected["looks"]
        if "elsewhere" in expected:
            others = [call for call in made.calls if call.service != "secretsmanager"]
            assert [call.action for call in others] == expected["elsewhere"]
        wrong = list(self._secrets_wrong(expected.get("secrets")))
        assert not wrong, wrong

    def _secrets_wrong(self, expected: Mapping[str, Any] | None) -> Iterator[str]:
        if expected is None:
            return
        held = {one.name: one for one in self.world.aws.secrets() if not one.primary_region}
        for name in sorted(set(held) | set(expected)):
            if name not in held or expected.get(name) is None:
                if (name in held) != (expected.get(name) is not None):
                    yield f"{name}: there are {sorted(held)}"
                continue
            facts, wanted = _facts(held[name]), expected[name]
            for fact, content in wanted.items():
                if facts[fact] != self._filled(content):
                    yield f"{name}: {fact} is {facts[fact]!r}, not {content!r}"


def _facts(one: SecretSnapshot) -> dict[str, Any]:
    """Return what a case can expect of a secret, by the words that it has for it."""
    labels = {label: made.value for made in one.versions.values() for label in made.labels}
    rules = one.rotation.get("RotationRules", {})
    return {
        "state": one.state,
        "value": one.value,
        "description": one.description,
        "tags": {k: v for k, v in one.tags.items() if not k.startswith(_MARKS)},
        "origin": one.tags.get(f"{_MARKS}origin"),
        "owner": one.tags.get(f"{_MARKS}owner", "").partition(":")[0],
        "arn": one.arn,
        "key": one.kms_key_id,
        "type": one.type,
        "policy": json.loads(one.policy) if one.policy else None,
        "versions": len(one.versions),
        "labels": {k: v for k, v in labels.items() if k not in {"AWSCURRENT", "AWSPREVIOUS"}},
        "previous": labels.get("AWSPREVIOUS"),
        "marked": f"{_MARKS}instance" in one.tags,
        "replicas": {region: each.kms_key_id for region, each in one.replicas.items()},
        "record": one.tags.get(f"{_MARKS}replicas"),
        "rotates": one.rotation.get("RotationEnabled", False),
        "rotator": one.rotation.get("RotationLambdaARN"),
        "rules": rules,
        "cancelled": one.tags.get(f"{_MARKS}rotation"),
        "size": len(one.value or ""),
        "window": _window(one),
    }


def _window(one: Any) -> int | None:
    """Return the days between the request and the purge of a pending secret."""
    return (one.purge_date - one.deleted_date).days if one.deleted_date else None
