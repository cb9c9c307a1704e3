"""A stack as CloudFormation runs it: which events it sends, in which order, with which ids.

`Stack.deploy()` and `Stack.delete()` play whole operations, rollbacks included; `Stack.send()`
sends a single event for what no operation would.
"""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from . import stacks
from .world import ACCOUNT, REGION, TYPE, Delivery, Event, World

Properties = Mapping[str, Any]
Template = Mapping[str, Properties]
Failing = Literal["rollback", "delete", "nothing"]

SECRET = "Secret"
"""The usual logical id."""

_UNSET: Any = object()


@dataclasses.dataclass
class Resource:
    """A custom resource that the stack has."""

    id: str
    properties: Properties


def wire(properties: object) -> Any:
    """Return properties as CloudFormation sends them: every scalar a string, no nulls."""
    if isinstance(properties, Mapping):
        return {k: wire(v) for k, v in properties.items() if v is not None}
    if isinstance(properties, list):
        return [wire(each) for each in properties]
    if isinstance(properties, bool):
        return "true" if properties else "false"
    return str(properties)


class Stack:
    """One stack; a nested one if it has a parent.

    Attributes:
        record: What CloudFormation tells of it.
        resources: Its resources by logical id.
    """

    def __init__(
        self,
        world: World,
        name: str = "shop",
        *,
        parent: Stack | None = None,
        tags: Mapping[str, str] | None = None,
        change_set: bool = False,
    ) -> None:
        """Let it exist, with nothing in it.

        Args:
            world: Where it is.
            name: Its name; the logical id in its parent for a nested stack.
            parent: The stack that it is nested in.
            tags: Its tags.
            change_set: Made through a change set: LastUpdatedTime is set from the start.
        """
        self.world, self.resources = world, dict[str, Resource]()
        full = name if parent is None else f"{parent.record.name}-{name}-{_suffix()}"
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{full}/{uuid.uuid4()}"
        record = stacks.Record(full, arn, "REVIEW_IN_PROGRESS", dict(tags or {}))
        if parent is not None:
            record.parent, record.root = parent.record.id, parent.record.root or parent.record.id
        record.updated = record.created if change_set else None
        self.record = world.stacks.add(record)

    @property
    def id(self) -> str:
        """Its StackId."""
        return self.record.id

    # Single events ------------------------------------------------------------------------

    def event(
        self,
        kind: str,
        properties: Properties,
        *,
        logical: str = SECRET,
        old: Properties | None = None,
        id: Any = _UNSET,  # noqa: A002 - CloudFormation's word
        **more: Any,
    ) -> Event:
        """Return an event; `more` replaces or adds keys of it."""
        token = {"ServiceToken": self.world.token()}
        event: Event = {
            "RequestType": kind,
            "StackId": self.id,
            "RequestId": str(uuid.uuid4()),
            "ResourceType": TYPE,
            "LogicalResourceId": logical,
            "ServiceToken": self.world.token(),
            "ResourceProperties": {**token, **wire(properties)},
        }
        if id is not _UNSET:
            event["PhysicalResourceId"] = id
        if old is not None:
            event["OldResourceProperties"] = {**token, **wire(old)}
        return {**event, **more}

    def send(self, kind: str, properties: Properties, **more: Any) -> Delivery:
        """Send one event, whatever the stack's state; see `event()`."""
        return self.world.deliver(self.event(kind, properties, **more))

    # Whole operations ---------------------------------------------------------------------

    def deploy(
        self,
        template: Template,
        *,
        fails: bool = False,
        failing: Failing = "rollback",
        lost: Collection[str] = (),
    ) -> list[Delivery]:
        """Create or update the stack, and roll back if something fails.

        Args:
            template: The custom resources by logical id, with their properties.
            fails: Another resource of the stack fails after ours are done.
            failing: What a failed creation does: OnFailure.
            lost: Logical ids whose first answer never arrives.
        """
        first = not self.resources and not self._completed()
        if not first:
            self.record.updated = self.record.created
        self.record.becomes("CREATE_IN_PROGRESS" if first else "UPDATE_IN_PROGRESS")
        before = {name: dataclasses.replace(held) for name, held in self.resources.items()}
        done: list[Delivery] = []
        for logical, properties in template.items():
            if logical in before and before[logical].properties == properties:
                continue
            delivery, succeeded = self._forward(logical, properties, lost=logical in lost)
            done.append(delivery)
            if not succeeded:
                fails = True
                break
        if fails and first:
            return [*done, *self._undo_creation(failing)]
        if fails:
            return [*done, *self._undo_update(before)]
        if first:
            self.record.becomes("CREATE_COMPLETE")
            return done
        self.record.becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        done += self._clean_up(before, template)
        self.record.becomes("UPDATE_COMPLETE")
        return done

    def create(self, properties: Properties | None = None, **options: Any) -> Delivery:
        """Create the stack with one secret; return the delivery of its Create."""
        return self.deploy({SECRET: properties or {}}, **options)[0]

    def update(self, properties: Properties, **options: Any) -> Delivery:
        """Update the one secret; return the delivery of its Update."""
        return self.deploy({SECRET: properties}, **options)[0]

    def delete(self, *, retain: Collection[str] = ()) -> list[Delivery]:
        """Delete the stack; resources to retain get no event."""
        self.record.becomes("DELETE_IN_PROGRESS")
        done = [
            self._delete(logical, held)
            for logical, held in reversed(self.resources.items())
            if logical not in retain
        ]
        self.resources.clear()
        self.record.becomes("DELETE_COMPLETE")
        return done

    def fails_after_all(self) -> list[Delivery]:
        """Roll a creation back that had succeeded so far, as when the parent fails.

        A nested stack then shows DELETE_IN_PROGRESS, whatever its parent shows.
        """
        return self.delete()

    # Their parts --------------------------------------------------------------------------

    def _completed(self) -> bool:
        whole = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
        return any(one.kind == stacks.STACK and one.status in whole for one in self.record.events)

    def _forward(
        self, logical: str, properties: Properties, *, lost: bool
    ) -> tuple[Delivery, bool]:
        held = self.resources.get(logical)
        if held is None:
            delivery = self.send("Create", properties, logical=logical)
        else:
            delivery = self.send(
                "Update", properties, logical=logical, old=held.properties, id=held.id
            )
        if lost:
            made_up = f"{self.record.name}-{logical}-{_suffix()}"
            self.resources[logical] = Resource(held.id if held else made_up, properties)
            return delivery, False
        # The id of a failed answer counts as well.
        self.resources[logical] = Resource(delivery.id, properties)
        return delivery, delivery.succeeded

    def _delete(self, logical: str, held: Resource) -> Delivery:
        return self.send("Delete", held.properties, logical=logical, id=held.id)

    def _undo_creation(self, failing: Failing) -> Iterator[Delivery]:
        if failing == "nothing":
            self.record.becomes("CREATE_FAILED")
            return
        away = failing == "delete"
        self.record.becomes("DELETE_IN_PROGRESS" if away else "ROLLBACK_IN_PROGRESS")
        for logical, held in reversed(self.resources.items()):
            yield self._delete(logical, held)
        self.resources.clear()
        self.record.becomes("DELETE_COMPLETE" if away else "ROLLBACK_COMPLETE")

    def _undo_update(self, before: Mapping[str, Resource]) -> Iterator[Delivery]:
        self.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
        away: list[tuple[str, Resource]] = []
        for logical, held in reversed(list(self.resources.items())):
            old = before.get(logical)
            if old is None:
                away.append((logical, self.resources.pop(logical)))
            elif old != held:
                back = self.send(
                    "Update", old.properties, logical=logical, old=held.properties, id=held.id
                )
                yield back
                self.resources[logical] = Resource(back.id, old.properties)
                if back.id != held.id:
                    away.append((logical, held))
        self.record.becomes("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for logical, held in away:
            yield self._delete(logical, held)
        self.record.becomes("UPDATE_ROLLBACK_COMPLETE")

    def _clean_up(self, before: Mapping[str, Resource], template: Template) -> Iterator[Delivery]:
        for logical, old in before.items():
            if logical not in template:
                yield self._delete(logical, self.resources.pop(logical))
            elif self.resources[logical].id != old.id:
                yield self._delete(logical, old)


_numbers = itertools.count(0x1A2B3C4D5E)


def _suffix() -> str:
    """Return what CloudFormation puts behind a generated name: capitals and digits."""
    return f"{next(_numbers):012X}"
