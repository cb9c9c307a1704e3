"""The access alarm as an infrastructure engine sees it: plain functions on plain mappings.

    inputs     way, log_group_name, topic_arn, email, name_prefix, name: what is asked for;
               region, profile, assume_role_arn, allowed_account_ids: where and as whom;
               default_name, default_owner, default_region: what is taken if not declared;
               assume_roles, endpoints: of the program's configuration
    outputs    arn (of the alarm or rule), name, region, topic_arn as they are; the connection;
               declared: what was asked for; owner, instance: the mark;
               drifted: parts that a refresh found missing or changed

Once made, an alarm keeps its name, region and owner: a renamed stack does not make another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from recoverable_secrets.core import errors

from . import alarms, parts
from .alarms import State
from .apply import Mark
from .parts import Place, Wanted
from .region import Region

Properties = Mapping[str, Any]
Say = Callable[[str], None]

SETTINGS = ("way", "log_group_name", "topic_arn", "email", "name_prefix")
CONNECTION = ("profile", "assume_role_arn", "assume_roles", "allowed_account_ids", "endpoints")


def check(inputs: Properties, unknown: Collection[str]) -> tuple[str, ...]:
    """Return all that is wrong with the inputs.

    Args:
        inputs: What the program says.
        unknown: Names of inputs whose content is not known yet.
    """
    known = {name: content for name, content in inputs.items() if name not in unknown}
    try:
        parts.parse(
            {**inputs, "name": _name(known) or None},
            None if "region" in unknown else _region(known),
            unknown,
        )
    except errors.InvalidInput as failure:
        return failure.problems
    return ()


def diff(
    outputs: Properties, inputs: Properties, unknown: Collection[str]
) -> tuple[bool | None, list[str]]:
    """Return whether something has to be done, and which inputs force a replacement.

    `None` leaves it to the engine, which sees changed inputs itself; `True` is said for drift.
    """
    replaces = [
        name
        for name in ("name", "region")
        if name not in unknown and inputs.get(name) and inputs[name] != outputs.get(name)
    ]
    if outputs.get("drifted"):
        return True, replaces
    declared = outputs.get("declared") or {}
    recorded = {name: declared.get(name) for name in SETTINGS}
    recorded |= {name: outputs.get(name) for name in CONNECTION}
    if unknown or replaces or any(inputs.get(name) != recorded[name] for name in recorded):
        return None, replaces
    return False, []


def create(inputs: Properties, instance: str, say: Say) -> tuple[str, dict[str, Any]]:
    """Make the alarm; return its id and the outputs.

    Args:
        inputs: What the program says.
        instance: Mark of this incarnation: so that the deletion of one that this replaces
            leaves alone what both have.
        say: Called with what the user has to know.
    """
    mark = Mark(str(inputs["default_owner"]), instance)
    outputs = _kept(inputs, _open(inputs, _region(inputs)), _name(inputs), mark, old=None, say=say)
    return outputs["arn"], outputs


def update(outputs: Properties, inputs: Properties, say: Say) -> dict[str, Any]:
    """Bring the alarm to what the inputs say; return the outputs."""
    here, old = _open(inputs, outputs["region"]), _remembered(outputs)
    return _kept(inputs, here, outputs["name"], _mark(outputs), old=old, say=say)


def _kept(
    inputs: Properties, here: Region, name: str, mark: Mark, *, old: Wanted | None, say: Say
) -> dict[str, Any]:
    wanted = parts.parse({**inputs, "name": name}, here.name)
    alarms.install(here, wanted, mark, old=[old] if old else [], say=say)
    return {
        **{each: inputs.get(each) for each in CONNECTION},
        **_told(wanted, here.place),
        "declared": {each: inputs[each] for each in SETTINGS if inputs.get(each) is not None},
        "owner": mark.owner,
        "instance": mark.instance,
        "drifted": None,
    }


def _told(wanted: Wanted, place: Place) -> dict[str, Any]:
    return {
        "arn": parts.watcher(wanted, place),
        "topic_arn": parts.topic(wanted, place),
        "name": wanted.name,
        "region": place.region,
    }


def read(outputs: Properties) -> dict[str, Any] | None:
    """Return the outputs with what is missing or changed, or `None` if all is gone."""
    mark = _mark(outputs)
    seen = alarms.look(_open(outputs, outputs["region"]), _remembered(outputs))
    if all(each.state is State.MISSING for each in seen):
        return None
    drifted = [
        each.part.label
        for each in seen
        if each.state is not State.OK or each.others or (each.mark and each.mark != mark)
    ]
    return {**outputs, "drifted": drifted or None}


def delete(outputs: Properties, say: Say) -> None:
    """Take away what this incarnation made."""
    here = _open(outputs, outputs["region"])
    alarms.remove(here, _remembered(outputs), _mark(outputs), say)


def _remembered(outputs: Properties) -> Wanted:
    return parts.parse({**outputs["declared"], "name": outputs["name"]})


def _mark(outputs: Properties) -> Mark:
    return Mark(str(outputs["owner"]), str(outputs["instance"]))


def _name(inputs: Properties) -> str:
    return str(inputs.get("name") or inputs.get("default_name") or "")


def _region(inputs: Properties) -> str | None:
    return inputs.get("region") or inputs.get("default_region")


def _open(settings: Properties, region: str | None) -> Region:
    """Return where to work; boto3 is loaded here, so that check and diff do without it."""
    from recoverable_secrets.stores import aws  # noqa: PLC0415

    where = {name: settings.get(name) for name in CONNECTION}
    return Region(aws.open_store(aws.connection({**where, "region": region})))
