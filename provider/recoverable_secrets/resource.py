"""The secret as an infrastructure engine sees it: plain functions on plain mappings.

An engine keeps *inputs* (what the program says) and *outputs* (what is) and asks for check, diff,
create, read, update and delete. These functions translate: they parse, run the core, and render.
Both have the fields of the model under their Python names, and besides:

    inputs     default_name, default_owner, default_region: what a field becomes if not declared;
               assume_roles, endpoints, default_tags: of the program's configuration;
               lookup: the resource only reads, by id
    outputs    arn, version_id, restored; name, region and owner as they are;
               tags_all: the declared tags and the default ones;
               instance: this incarnation's mark; declared_version: the version that held the
               declared value; drifted: fields that a refresh found changed
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from . import sources
from .core import diff as differences
from .core import errors, facts, keys, ownership, parse, replication, rotation, values
from .core.facts import Gone, Kept, Memory
from .core.fields import traits
from .core.model import FIELDS, Declaration, Spec, listed
from .core.plan import Source
from .engine import Engine, Result, random_hex
from .stores import limits, patience

if TYPE_CHECKING:
    from .stores import aws

Properties = Mapping[str, Any]
Say = Callable[[str], None]

CONFIGURED = ("assume_roles", "endpoints", "default_tags")
"""Inputs that come from the program's configuration and are no arguments of the resource."""

_WRITE_ONLY = "secret_string_wo"


def check(
    inputs: Properties, unknown: Collection[str], *, first: bool, say: Say
) -> tuple[str, ...]:
    """Return all that is wrong with the inputs.

    Args:
        inputs: What the program says.
        unknown: Names of inputs whose content is not known yet.
        first: Whether this resource is new; warnings are said once.
        say: Called with each warning.
    """
    urls = {} if "endpoints" in unknown else inputs.get("endpoints") or {}
    problems = tuple(
        f"aws:endpoints: {name} must be a URL with http:// or https://"
        for name, url in urls.items()
        if not str(url).startswith(("http://", "https://"))
    )
    # A secret that exists stays where it is, whatever the configuration says now.
    region = inputs.get("default_region") if first and "default_region" not in unknown else None
    try:
        _declared(inputs, unknown, region)
    except errors.InvalidInput as failure:
        problems += failure.problems
    if problems:
        return problems
    if first and not {"name", "default_name"} & set(unknown):
        for warning in parse.warnings(_name(inputs), limits.AWS):
            say(warning)
    return ()


def diff(
    outputs: Properties, inputs: Properties, unknown: Collection[str]
) -> tuple[bool | None, list[str]]:
    """Return whether something has to be done, and which fields force a replacement.

    `False` is nothing; `None` leaves it to the engine, which sees the changed inputs itself;
    `True` is said only for drift, which no input shows.
    """
    known = {name: content for name, content in inputs.items() if name not in unknown}
    old, new = _recalled(outputs), parse.recall(_with_default_tags(known))
    replaces = differences.replaced(outputs, new, limits.AWS)
    version, live = outputs.get("declared_version"), outputs.get("version_id")
    overwritten = values.source(new.spec) not in {None, Source.GENERATED} and values.drifted(
        version, live, new.policy
    )
    if outputs.get("drifted") or values.valueless(new.spec, live) or overwritten:
        return True, replaces
    # The owner shows below; a write-only value changes with its version only.
    changed = set(differences.changed(old, new)) - {"owner", _WRITE_ONLY}
    configured = [name for name in CONFIGURED if outputs.get(name) != inputs.get(name)]
    renamed = "owner" not in unknown and _owner(known) != outputs.get("owner")
    if unknown or replaces or changed or configured or renamed:
        return None, replaces
    return False, []


def create(inputs: Properties, say: Say) -> tuple[str, dict[str, Any]]:
    """Create, restore or take over the secret; return its id and the outputs."""
    outputs = _keep(inputs, {}, None, say)
    return outputs["arn"], outputs


def update(id_: str, outputs: Properties, inputs: Properties, say: Say) -> dict[str, Any]:
    """Bring the secret to what the inputs say; return the outputs."""
    return _keep(inputs, outputs, _memory(id_, outputs), say)


def _keep(
    inputs: Properties, outputs: Properties, memory: Memory | None, say: Say
) -> dict[str, Any]:
    """Run the core until the secret is as the inputs say; return the new outputs."""
    declaration = _declared(inputs, region=outputs.get("region") or inputs.get("default_region"))
    wanted = Kept(
        name=outputs.get("name") or _name(inputs),
        spec=declaration.spec,
        owner=_owner(inputs),
        instance=random_hex(),
        version=ownership.version_id(random_hex()),
        memory=memory,
    )
    result = _engine(inputs, say).run(wanted, declaration.policy)
    return _outputs(inputs, result, outputs, wanted)


def delete(id_: str, outputs: Properties, say: Say) -> None:
    """Do with the secret what its policy says of teardown."""
    memory = _memory(id_, outputs)
    # What a refresh found is not declared: it may be what a broken-off teardown has left.
    found = dict.fromkeys(memory.drifted & set(Spec.model_fields))
    memory = dataclasses.replace(memory, spec=memory.spec.model_copy(update=found))
    now = dt.datetime.now(dt.UTC)
    wanted = Gone(name=outputs.get("name") or id_, owner=memory.owner, memory=memory, now=now)
    _engine(outputs, say).run(wanted, _recalled(outputs).policy)


def read(id_: str, outputs: Properties, say: Say = lambda _: None) -> dict[str, Any] | None:
    """Return the outputs as they are now, or `None` if the secret is gone or on its way.

    Only what is declared is looked at. Owner and incarnation stay as recorded: what a stranger
    writes into the tags must not become a claim of ours. A value that others put, and that is to
    be kept, makes no difference that an engine could show: it is said.
    """
    if outputs.get("lookup"):
        return _lookup(id_, outputs)
    recalled = _recalled(outputs)
    declared = recalled.spec
    ref = facts.Ref(outputs.get("name") or id_, id_)
    seen = patience.look(_store(outputs), ref, policy=declared.policy is not None)
    if not isinstance(seen, facts.Present):
        return None
    fresh = dict(outputs)
    live = dict(_live(seen.secret, declared))
    changed = {name for name, content in live.items() if content != getattr(declared, name)}
    managed = {name for name in FIELDS if name in Spec.model_fields and name in live}
    fresh.update({name: _plain(live[name]) for name in changed})
    if "version_stages" in changed:  # Those at another version as well: they are ours to move.
        there = seen.secret.labels
        fresh["version_stages"] = [each for each in declared.version_stages or () if each in there]
    if "tags" in changed:
        fresh |= {"tags_all": live["tags"], "tags": _own_tags(outputs, live["tags"])}
    drifted = changed | (managed & set(outputs.get("drifted") or ()))
    before, live_version = outputs.get("version_id"), seen.secret.version
    if values.put_by_others(before, live_version, declared, recalled.policy):
        say(f"{errors.short(ref.name)} has a value that was put outside of this declaration: kept")
    fresh["version_id"] = live_version
    fresh["drifted"] = sorted(drifted) or None
    return fresh


def _own_tags(outputs: Properties, live: Properties) -> dict[str, Any] | None:
    """Return the live tags that an engine is to show as the arguments; default ones are none."""
    if not outputs.get("default_tags"):
        return dict(live)
    own = outputs.get("tags")
    named = listed(own) if isinstance(own, list) else own
    return None if named is None else {key: live[key] for key in named if key in live}


def _live(secret: facts.Secret, declared: Spec) -> Iterator[tuple[str, Any]]:
    """Yield the declared fields as they are; a field that is as declared, as it is spelt there."""
    tags, labels = declared.tags or {}, declared.version_stages or []
    found: dict[str, Any] = {
        "description": secret.description,
        "kms_key_id": secret.kms_key_id or "",
        "type": secret.type,
        "tags": {key: content for key, content in secret.tags.items() if key in tags},
        "version_stages": [label for label in labels if secret.labels.get(label) == secret.version],
        "replicas": replication.shown(secret, declared),
        "policy": declared.policy if secret.policy is None else secret.policy,
        **rotation.shown(secret, declared),
    }
    if keys.same(declared.kms_key_id, secret.kms_key_id):
        found["kms_key_id"] = declared.kms_key_id
    for name, content in found.items():
        if getattr(declared, name) is not None or (name in rotation.FIELDS and content is not None):
            yield name, content


def _plain(content: Any) -> Any:
    """Return content as an engine can keep it."""
    if isinstance(content, list):
        return [_plain(each) for each in content]
    return content.model_dump(exclude_none=True) if isinstance(content, BaseModel) else content


def _lookup(id_: str, inputs: Properties) -> dict[str, Any]:
    """Return what there is to know of a secret that the program only refers to.

    Raises:
        Refused: There is no such live secret.
    """
    whole = id_.startswith("arn:")
    seen = patience.look(_store(inputs), facts.Ref(id_, id_ if whole else None))
    if not isinstance(seen, facts.Present):
        state = "does not exist" if isinstance(seen, facts.Absent) else "is pending deletion"
        raise errors.Refused(
            f"secret {errors.short(id_, 90)} {state}: give the full ARN or the exact name of a "
            "live secret"
        )
    secret = seen.secret
    tags = ownership.of_users(secret.tags)
    return {
        **inputs,
        "arn": secret.id,
        "name": secret.name,
        "description": secret.description,
        "kms_key_id": secret.kms_key_id,
        "tags": tags,
        "tags_all": tags,
        "version_id": secret.version,
        "restored": False,
    }


def _declared(
    inputs: Properties, unknown: Collection[str] = (), region: str | None = None
) -> Declaration:
    merged = inputs if "tags" in unknown else _with_default_tags(inputs)
    arguments = {name: content for name, content in merged.items() if name not in _INTERNAL}
    return parse.parse(arguments, limits.AWS, unknown=unknown, region=region)


_INTERNAL = frozenset(
    {"default_name", "default_owner", "default_region", "lookup"}
    | {"arn", "version_id", "restored", "tags_all"}
    | set(CONFIGURED)
)


def _with_default_tags(inputs: Properties) -> Properties:
    """Return inputs with the default tags among their tags; an own tag wins over a default."""
    defaults, own = inputs.get("default_tags"), inputs.get("tags")
    pairs = listed(own) if isinstance(own, list) else own
    if not defaults or not isinstance(pairs, Mapping | None):
        return inputs
    return {**inputs, "tags": {**defaults, **(pairs or {})}}


def _recalled(outputs: Properties) -> Declaration:
    """Return the declaration that outputs remember, with the tags that were set in the end."""
    managed = outputs.get("tags") is not None or outputs.get("default_tags")
    tags = outputs.get("tags_all", outputs.get("tags")) if managed else None
    return parse.recall({**outputs, "tags": tags})


def _name(inputs: Properties) -> str:
    prefix = inputs.get("name_prefix")
    if prefix and not inputs.get("name"):
        return ownership.prefixed_name(str(prefix), str(inputs.get("default_owner")))
    return str(inputs.get("name") or inputs.get("default_name"))


def _owner(inputs: Properties) -> str:
    named = inputs.get("owner")
    return ownership.named_owner(named) if named else str(inputs.get("default_owner"))


def _memory(id_: str, outputs: Properties) -> Memory:
    return Memory(
        id=id_,
        owner=outputs.get("owner") or "",
        spec=_recalled(outputs).spec,
        instance=outputs.get("instance"),
        version=outputs.get("declared_version"),
        live_version=outputs.get("version_id"),
        drifted=frozenset(outputs.get("drifted") or ()),
    )


def _store(settings: Properties) -> aws.AwsStore:
    """Return the store to use; boto3 is loaded here, so that check and diff do without it."""
    from .stores import aws  # noqa: PLC0415

    where = parse.recall(settings).location
    configured = {name: settings.get(name) for name in CONFIGURED}
    region = where.region or settings.get("default_region")
    return aws.open_store(aws.connection({**where.model_dump(), **configured, "region": region}))


def _engine(settings: Properties, say: Say) -> Engine:
    store = _store(settings)
    return Engine(store, say=say, read=functools.partial(sources.read, store=store))


def _outputs(inputs: Properties, result: Result, old: Properties, wanted: Kept) -> dict[str, Any]:
    """Return all that the engine is to remember."""
    outputs = dict(_remembered(inputs))
    outputs.update(name=wanted.name, owner=wanted.owner, restored=result.restored, drifted=None)
    outputs["tags_all"] = dict(wanted.spec.tags or {})
    if not isinstance(result.known, facts.Present):  # Memory alone proved that nothing differs.
        kept = ("arn", "version_id", "instance", "declared_version", "restored", "region")
        return outputs | {name: old.get(name) for name in kept}
    secret = result.known.secret
    return outputs | {
        "arn": secret.id,
        "region": secret.id.split(":")[3],
        "version_id": secret.version,
        "instance": secret.tags.get(ownership.INSTANCE),
        "declared_version": result.known.holds or old.get("declared_version"),
        "restored": result.restored or bool(old.get("restored")),
    }


def _remembered(inputs: Properties) -> Iterator[tuple[str, Any]]:
    for given, content in inputs.items():
        name = _ALIASES.get(given, given)
        if (name in FIELDS and name != _WRITE_ONLY) or name in CONFIGURED:
            yield name, content


_ALIASES = {alias: name for name, info in FIELDS.items() for alias in traits(info).aliases}
