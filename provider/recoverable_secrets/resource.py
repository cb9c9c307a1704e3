"""The secret as an infrastructure engine sees it: plain functions on plain mappings.

An engine keeps *inputs* (what the program says) and *outputs* (what is) and asks for check, diff,
create, read, update and delete. These functions translate: they parse, run the core, and render.
Both have the fields of the model under their Python names, and besides:

    inputs     default_name, default_owner, default_region: what a field becomes if not declared;
               assume_roles, endpoints: of the program's configuration;
               lookup: the resource only reads, by id
    outputs    arn, version_id, restored; name, region and owner as they are;
               instance: this incarnation's mark; declared_version: the version that held the
               declared value; drifted: fields that a refresh found changed
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from .core import diff as differences
from .core import errors, facts, ownership, parse
from .core.facts import Gone, Kept, Memory
from .core.model import FIELDS, Declaration
from .engine import Engine, Result, random_hex
from .stores import SecretStore, limits

Properties = Mapping[str, Any]
Say = Callable[[str], None]

CONFIGURED = ("assume_roles", "endpoints")
"""Inputs that say how to connect and are no arguments of the resource."""


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
    try:
        _declared(inputs, unknown)
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
    old, new = parse.recall(outputs), parse.recall(known)
    replaces = differences.replaced(outputs, new, limits.AWS)
    value_drifted = differences.value_drifted(
        outputs.get("declared_version"), outputs.get("version_id"), new.policy
    )
    valueless = differences.valueless(new.spec, outputs.get("version_id"))
    if outputs.get("drifted") or valueless or (value_drifted and new.spec.value is not None):
        return True, replaces
    changed = [name for name in differences.changed(old, new) if name != "owner"]
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
    declaration = _declared(inputs)
    wanted = Kept(
        name=outputs.get("name") or _name(inputs),
        spec=declaration.spec,
        owner=_owner(inputs),
        instance=random_hex(),
        version=ownership.version_id(random_hex()),
        memory=memory,
    )
    result = Engine(_store(inputs), say=say).run(wanted, declaration.policy)
    return _outputs(inputs, result, outputs, wanted)


def delete(id_: str, outputs: Properties, say: Say) -> None:
    """Do with the secret what its policy says of teardown."""
    memory = _memory(id_, outputs)
    wanted = Gone(name=outputs.get("name") or id_, owner=memory.owner, memory=memory)
    Engine(_store(outputs), say=say).run(wanted, parse.recall(outputs).policy)


def read(id_: str, outputs: Properties) -> dict[str, Any] | None:
    """Return the outputs as they are now, or `None` if the secret is gone or on its way.

    Of description, key and tags only what is declared is looked at. Owner and incarnation stay
    as recorded: what a stranger writes into the tags must not become a claim of ours.
    """
    if outputs.get("lookup"):
        return _lookup(id_, outputs)
    seen = _store(outputs).observe(facts.Ref(outputs.get("name") or id_, id_))
    if not isinstance(seen, facts.Present):
        return None
    secret, fresh = seen.secret, dict(outputs)
    declared = parse.recall(outputs).spec
    live: dict[str, Any] = {
        "description": secret.description,
        "kms_key_id": secret.kms_key_id or "",
        "tags": {k: v for k, v in secret.tags.items() if k in (declared.tags or {})},
    }
    if differences.same_key(declared.kms_key_id, secret.kms_key_id):
        live["kms_key_id"] = declared.kms_key_id
    managed = {name for name in live if getattr(declared, name) is not None}
    changed = {name for name in managed if live[name] != getattr(declared, name)}
    fresh.update({name: live[name] for name in changed})
    drifted = changed | (managed & set(outputs.get("drifted") or ()))
    fresh["version_id"] = secret.version
    fresh["drifted"] = sorted(drifted) or None
    return fresh


def _lookup(id_: str, inputs: Properties) -> dict[str, Any]:
    """Return what there is to know of a secret that the program only refers to.

    Raises:
        Refused: There is no such live secret.
    """
    whole = id_.startswith("arn:")
    seen = _store(inputs).observe(facts.Ref(id_, id_ if whole else None))
    if not isinstance(seen, facts.Present):
        state = "does not exist" if isinstance(seen, facts.Absent) else "is pending deletion"
        raise errors.Refused(
            f"secret {errors.short(id_, 90)} {state}: give the full ARN or the exact name of a "
            "live secret"
        )
    secret = seen.secret
    return {
        **inputs,
        "arn": secret.id,
        "name": secret.name,
        "description": secret.description,
        "kms_key_id": secret.kms_key_id,
        "tags": ownership.of_users(secret.tags),
        "version_id": secret.version,
        "restored": False,
    }


def _declared(inputs: Properties, unknown: Collection[str] = ()) -> Declaration:
    arguments = {name: content for name, content in inputs.items() if name not in _INTERNAL}
    return parse.parse(arguments, limits.AWS, unknown=unknown)


_INTERNAL = frozenset(
    {"default_name", "default_owner", "default_region", "lookup", "arn", "version_id", "restored"}
    | set(CONFIGURED)
)


def _name(inputs: Properties) -> str:
    return str(inputs.get("name") or inputs.get("default_name"))


def _owner(inputs: Properties) -> str:
    named = inputs.get("owner")
    return ownership.named_owner(named) if named else str(inputs.get("default_owner"))


def _memory(id_: str, outputs: Properties) -> Memory:
    return Memory(
        id=id_,
        owner=outputs.get("owner") or "",
        spec=parse.recall(outputs).spec,
        instance=outputs.get("instance"),
        version=outputs.get("declared_version"),
        live_version=outputs.get("version_id"),
    )


def _store(settings: Properties) -> SecretStore:
    """Return the store to use; boto3 is loaded here, so that check and diff do without it."""
    from .stores import aws  # noqa: PLC0415

    where = parse.recall(settings).location
    configured = {name: settings.get(name) for name in CONFIGURED}
    region = where.region or settings.get("default_region")
    return aws.open_store(aws.connection({**where.model_dump(), **configured, "region": region}))


def _outputs(inputs: Properties, result: Result, old: Properties, wanted: Kept) -> dict[str, Any]:
    """Return all that the engine is to remember."""
    outputs = dict(_remembered(inputs))
    outputs.update(name=wanted.name, owner=wanted.owner, restored=result.restored, drifted=None)
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
    for name, content in inputs.items():
        if name in FIELDS or name in CONFIGURED:
            yield name, content
