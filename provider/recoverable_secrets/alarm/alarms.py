"""Whole alarms: made and kept, looked at, found again, and taken away.

Nothing is changed or taken away that is marked as another's, or that has a name of ours but no
mark. An interrupted run is finished by the next one.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors

from . import apply, parts, patterns
from .apply import Mark
from .parts import Kind, Part, Wanted, Way
from .region import Region

Say = Callable[[str], None]


class State(enum.StrEnum):
    """How a part is."""

    OK = "ok"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Seen:
    """A part, and how it is.

    Attributes:
        part: As it has to be.
        state: How that compares with what is.
        mark: Whose it is; none if it is missing, not marked, or of a kind without marks.
        others: Whether it is plainly something else than a part of an alarm.
    """

    part: Part
    state: State
    mark: Mark | None = None
    others: bool = False


def look(region: Region, wanted: Wanted) -> tuple[Seen, ...]:
    """Return how all parts of an alarm are."""
    return tuple(_look(region, part) for part in parts.parts(wanted, region.place))


def _look(region: Region, part: Part) -> Seen:
    seen = apply.look(region, part)
    if seen is None:
        return Seen(part, State.MISSING)
    state = State.OK if seen == part.properties else State.CHANGED
    marked = part.kind in apply.MARKED
    mark = apply.marked(region, part) if marked else None
    return Seen(part, state, mark, (marked and mark is None) or apply.of_others(part, seen))


def compare(
    region: Region, wanted: Wanted, mark: Mark, *, old: Iterable[Wanted] = ()
) -> tuple[tuple[Seen, ...], tuple[Seen, ...]]:
    """Return how all parts of an alarm are, and what there is that is not wanted any more.

    Args:
        region: Where.
        wanted: What.
        mark: Whose it is to be.
        old: What was wanted before.

    Raises:
        Refused: Something of one of the names is not ours.
        RecoverableSecretsError: A call failed.
    """
    seen = look(region, wanted)
    kept = {_identity(each.part) for each in seen}
    before = {_identity(part): part for each in old for part in parts.parts(each, region.place)}
    others = [_look(region, part) for key, part in before.items() if key not in kept]
    gone = tuple(each for each in others if each.state is not State.MISSING)
    _refuse_others([*seen, *gone], mark.owner)
    return seen, gone


def install(
    region: Region, wanted: Wanted, mark: Mark, *, say: Say, old: Iterable[Wanted] = ()
) -> tuple[Part, ...]:
    """Make an alarm, or bring it to what is wanted; return the parts that were put.

    Args:
        region: Where.
        wanted: What.
        mark: Whose it is from now on.
        say: Called with what the user has to know.
        old: What was wanted before: its parts that are not wanted any more go.

    Raises:
        Refused: Something of one of the names is not ours.
        RecoverableSecretsError: A call failed; run again to go on.
    """
    seen, gone = compare(region, wanted, mark, old=old)
    _check_given(region, wanted, say)
    changed = []
    for each in seen:
        missing = each.state is State.MISSING
        if each.state is not State.OK:
            apply.put(region, each.part, mark if missing else None)
            changed.append(each.part)
        if each.mark and each.mark != mark:
            apply.mark(region, each.part, mark)
    _drop(region, gone)
    return tuple(changed)


def _identity(part: Part) -> tuple[Any, ...]:
    """Return what tells a part from all others: of filters the log group too."""
    return part.kind, part.name, part.properties.get("LogGroupName")


def _refuse_others(seen: Iterable[Seen], owner: str) -> None:
    for each in seen:
        if each.others:
            raise errors.Refused(
                f"{each.part.label} exists already and was not made for an access alarm: "
                "nothing was changed. Give the alarm another name"
            )
        if each.mark and each.mark.owner != owner:
            raise errors.Refused(
                f"{each.part.label} belongs to {errors.short(each.mark.owner)}: nothing was "
                "changed. Give the alarm another name, or remove that one first"
            )


def _check_given(region: Region, wanted: Wanted, say: Say) -> None:
    """Refuse what is said to exist and does not, before anything is made."""
    if wanted.log_group_name:
        request = {"logGroupName": wanted.log_group_name}
        if not region.call("logs", "DescribeMetricFilters", wanted.name, request):
            group = errors.short(wanted.log_group_name)
            raise errors.InvalidInput(
                [f"no log group {group} in {region.name}: name the one that CloudTrail delivers to"]
            )
    if wanted.topic_arn:
        _check_topic(region, wanted, wanted.topic_arn, say)


def _check_topic(region: Region, wanted: Wanted, arn: str, say: Say) -> None:
    """Refuse a topic that does not exist; warn of one that might not take the message."""
    policy = apply.look(region, Part(Kind.TOPIC_POLICY, arn, {}))
    if policy is None and apply.look(region, Part(Kind.TOPIC, arn, {})) is None:
        raise errors.InvalidInput([f"topic {errors.short(arn)} does not exist"])
    service = "cloudwatch" if wanted.way is Way.TRAIL else "events"
    names = [f"{service}.amazonaws.com"]
    if wanted.way is Way.TRAIL:  # Alarms publish in the account's own name too.
        names += ["SourceOwner"]
    if policy is None or not any(each in str(policy["PolicyDocument"]) for each in names):
        say(
            f"the policy of topic {errors.short(arn)} does not name {service}.amazonaws.com: "
            "unless it lets that publish, no message comes. See docs/access-alarm.md"
        )


def remove(region: Region, wanted: Wanted, mark: Mark, say: Say) -> tuple[Part, ...]:
    """Take an alarm away; return the parts that are gone.

    What another incarnation took over stays, with all that belongs to it.
    """
    seen = look(region, wanted)
    for each in seen:
        if each.others or (each.mark and each.mark != mark):
            say(
                f"{each.part.label} is not of this alarm any more: alarm "
                f"{errors.short(wanted.name)} is left alone"
            )
            return ()
    return _drop(region, seen)


def _drop(region: Region, seen: Sequence[Seen]) -> tuple[Part, ...]:
    """Drop what is there, last made first."""
    present = [each.part for each in reversed(seen) if each.state is not State.MISSING]
    for part in present:
        apply.drop(region, part)
    return tuple(present)


def find(region: Region, name: str) -> tuple[Wanted, ...]:
    """Return the alarms of a name as far as AWS tells: none if nothing of it is there.

    There is one, or several after a change that was broken off: of both ways, or on several log
    groups. The name prefix is the one in the pattern that is live; addresses are those of the
    topic.
    """
    made = region.place.arn("sns", name)
    own = apply.look(region, Part(Kind.TOPIC, made, {})) is not None
    email = [address for address, _ in apply.subscriptions(region, made, made)] if own else []
    found = [*_of_rule(region, name, made), *_of_trail(region, name, made)]
    if own and not found:  # A topic alone does not tell the way.
        found = [Wanted(name=name, way=Way.EVENTS)]
    return tuple(
        each if each.topic_arn else dataclasses.replace(each, email=tuple(email)) for each in found
    )


def _of_rule(region: Region, name: str, made: str) -> Iterator[Wanted]:
    rule = region.call("events", "DescribeRule", name, {"Name": name})
    if rule.get("Name"):
        targets = region.call("events", "ListTargetsByRule", name, {"Rule": name})
        told = [each["Arn"] for each in targets.get("Targets", ()) if each["Id"] == parts.TARGET_ID]
        yield Wanted(
            name=name,
            way=Way.EVENTS,
            topic_arn=_given(told, made),
            name_prefix=patterns.prefix_of(rule.get("EventPattern") or ""),
        )


def _of_trail(region: Region, name: str, made: str) -> Iterator[Wanted]:
    """Yield the alarm with the filters of each log group, or alone."""
    told = region.call("cloudwatch", "DescribeAlarms", name, {"AlarmNames": [name]})
    alarm = told.get("MetricAlarms") or ()
    prefixes: dict[str | None, str] = dict.fromkeys([None] if alarm else [], "")
    for metric in (name, parts.by_reader(name)):
        request = {"metricName": metric, "metricNamespace": parts.NAMESPACE}
        for page in region.pages("logs", "DescribeMetricFilters", name, request, "nextToken"):
            for each in page.get("metricFilters", ()):
                prefix = patterns.prefix_of(each.get("filterPattern", ""))
                prefixes.setdefault(each["logGroupName"], prefix)
                prefixes.pop(None, None)
    topic = _given([arn for each in alarm for arn in each["AlarmActions"]], made)
    for group, prefix in prefixes.items():
        yield Wanted(
            name=name, way=Way.TRAIL, log_group_name=group, topic_arn=topic, name_prefix=prefix
        )


def _given(told: Iterable[str], made: str) -> str | None:
    """Return the topic that is told, unless it is the one that was made."""
    return next((arn for arn in told if arn != made), None)
