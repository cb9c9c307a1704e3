"""Strategies for what can be known, remembered and wanted; only states that can exist.

`impossible()` is the checker: it says why a world cannot exist, and every world made here passes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from core import cases
from recoverable_secrets.core import errors, facts, ownership, parse, plan, rotation, values
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Replica, RotationRules, Spec
from recoverable_secrets.core.policy import Capabilities, Policy
from recoverable_secrets.core.references import ValueFrom

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("steady")

STEADY = settings(settings.get_profile("steady"), max_examples=100)
THOROUGH = settings(STEADY, max_examples=250)


NOW = dt.datetime(2030, 1, 31, 12, tzinfo=dt.UTC)
LAST_READ = (None, *(NOW - dt.timedelta(days=days) for days in (0, 7, 8, 31)))


@dataclass(frozen=True)
class World:
    """All that `decide()` is told."""

    observed: facts.Observed
    wanted: facts.Wanted
    policy: Policy
    store: Capabilities

    @property
    def secret(self) -> facts.Secret | None:
        return getattr(self.observed, "secret", None)

    @property
    def owner(self) -> str | None:
        """The owner tag of the secret that is seen."""
        return self.secret.tags.get(ownership.OWNER) if self.secret else None

    @property
    def ours(self) -> bool:
        """Whether it is ours by the definition of the specification."""
        memory, secret = self.wanted.memory, self.secret
        if secret is None or self.owner is None:
            return False
        remembered = memory is not None and memory.id == secret.id and memory.owner == self.owner
        return self.owner == self.wanted.owner or remembered


STORES = (cases.AWS, cases.NO_POLICIES, cases.VALUE_REQUIRED, cases.FIXED_KEY, cases.BARE)
LONG = "n" * 507 + "/end!"
PARTNER = f"arn:aws:secretsmanager:us-west-2:444455556666:secret:{LONG}-AbCdEf"

NAMES = (cases.NAME, "a", LONG)
OWNERS = (cases.OURS, cases.RENAMED, cases.OTHERS, "o" * 256)
INSTANCES = (None, cases.LIVE_MARK, cases.PAST_MARK)
OPERATION = "aaaa.1111"
MARKS = (*INSTANCES, OPERATION, "aaaa.2222", "bbbb.1111")
"""Incarnation marks as they stand in tags: those of a user, and those of a deputy."""
ORIGINS = (None, "created", "restored", "found", "found adopted", "adopted", "adopted pending")
VALUES: tuple[dict[str, Any], ...] = (
    {},
    {"secret_string": cases.VALUE},
    {"secret_string": cases.OTHER_VALUE},
    {"generate_secret_string": Generate()},
    {"generate_secret_string": Generate(password_length=8)},
    {"generate_secret_string": Generate(), "regenerate_when": "2"},
    {"secret_json": cases.VALUE},
    {"secret_string_wo": cases.VALUE, "secret_string_wo_version": 1},
    {"secret_string_wo": cases.OTHER_VALUE, "secret_string_wo_version": 2},
    {"value_from": ValueFrom(file="f"), "value_version": "1"},
    {"value_from": ValueFrom(file="f"), "value_version": "2"},
)
TEXTS = (None, "", "text", "t" * 2048)
KEYS = (None, "", "alias/a", "alias/b", "arn:aws:kms:eu-west-1:1:key/a")
TAGS: tuple[dict[str, str] | None, ...] = (
    None,
    {},
    {"a": "1"},
    {"a": "2"},
    {"b": ""},
    {"a": "1", "b": "", "c": "3"},
)
OHIO, PARIS = "us-east-2", "eu-west-3"
COPIES: tuple[dict[str, Any], ...] = (
    *3 * ({},),
    {"replicas": []},
    {"replicas": [Replica(region=OHIO)]},
    {"replicas": [Replica(region=OHIO, kms_key_id="alias/a"), Replica(region=PARIS)]},
)
DOCUMENTS: tuple[dict[str, Any], ...] = (
    *2 * ({},),
    {"policy": ""},
    {"policy": cases.DOCUMENT},
    {"policy": cases.DOCUMENT, "block_public_policy": False},
)
RULES = RotationRules(automatically_after_days=30)
ROTATIONS: tuple[dict[str, Any], ...] = (
    *2 * ({},),
    {"rotation_enabled": False},
    {"rotation_lambda_arn": cases.FUNCTION, "rotation_rules": RULES},
    {"rotation_rules": RotationRules(schedule_expression="rate(4 hours)")},
)
REST: tuple[dict[str, Any], ...] = (
    *2 * ({},),
    {"version_stages": ["green"]},
    {"type": "partner", "version_stages": ["blue", "green"]},
)
"""What a spec can say of labels and types."""

LIVE_COPIES: tuple[tuple[facts.Replica, ...], ...] = (
    *2 * ((),),
    (facts.Replica(region=OHIO),),
    (facts.Replica(region=OHIO, status="InProgress"),),
    (facts.Replica(region=OHIO, status="Failed", failed=True, message="m" * 300),),
    (facts.Replica(region=PARIS, kms_key_id="alias/a"), facts.Replica(region="sa-east-1")),
)
LIVE_ROTATIONS = (
    *2 * (None,),
    facts.Rotation(function=cases.FUNCTION, days=30),
    facts.Rotation(function=cases.FUNCTION, days=30, enabled=False),
)
RECORDED: tuple[dict[str, str], ...] = (
    *2 * ({},),
    {ownership.REPLICAS: f"{PARIS}=alias/a {OHIO}"},
    {ownership.ROTATION: "on"},
    {ownership.REPLICAS: OHIO, ownership.ROTATION: "on"},
)
"""What a teardown has written down."""
VERSIONS = (
    None,
    cases.FIRST,
    cases.OLDER,
    cases.FOREIGN,
    ownership.next_version_id(cases.ID, cases.FIRST),
    ownership.next_version_id(cases.ID, None),
)
TIES: tuple[dict[str, Any], ...] = (
    *4 * ({},),
    {"primary_region": "ap-southeast-2"},
    {"service": "s" * 128},
    {"partners": (PARTNER, PARTNER)},
)


def impossible(world: World) -> Iterator[str]:
    """Yield why this cannot be."""
    yield from _seen_otherwise(world)
    yield from _carries_otherwise(world)
    yield from _known_otherwise(world)
    yield from _refused(world)


def _seen_otherwise(world: World) -> Iterator[str]:
    """Yield why no store shows this."""
    secret, memory = world.secret, world.wanted.memory
    if secret is None:
        return
    if secret.name != world.wanted.name:
        yield "another secret than the one that was looked at"
    if memory is not None and memory.id != secret.id:
        yield "what is remembered is looked up by its id"
    if sum(map(bool, (secret.primary_region, secret.service, secret.partners))) > 1:
        yield "tied in two ways"
    if len(secret.tags) > world.store.tags:
        yield "more tags than fit"
    if secret.version is not None and secret.version == secret.previous:
        yield "a version that was current before itself"


def _carries_otherwise(world: World) -> Iterator[str]:
    """Yield why no secret carries this."""
    secret = world.secret
    if secret is None:
        return
    if secret.replicas and (secret.primary_region or isinstance(world.observed, PENDING)):
        yield "a replica, or what is pending, has no replicas"
    if not (world.store.replicas or not secret.replicas):
        yield "replicas where there can be none"
    if not (world.store.rotation or secret.rotation is None):
        yield "rotation where there can be none"
    if secret.version is None and secret.labels:
        yield "labels without a version"


def _known_otherwise(world: World) -> Iterator[str]:
    """Yield why nobody could know or remember this."""
    observed, wanted, memory = world.observed, world.wanted, world.wanted.memory
    if wanted.owner == "" or (memory is not None and not memory.owner):
        yield "nobody wants something without a name"
    if not isinstance(observed, facts.Present):
        return
    source = values.source(wanted.spec) if isinstance(wanted, facts.Kept) else None
    if observed.differs and source in {None, plan.Source.GENERATED}:
        yield "compared without a value to compare with"
    if observed.holds and source is None:
        yield "wrote a value that nobody declared"
    if observed.holds in observed.differs:
        yield "one version holds the value and does not"
    if observed.created and observed.restored:
        yield "created and restored at once"
    if observed.key and not observed.secret.kms_key_id:
        yield "a key was looked at that there is not"
    if observed.key and not (observed.restored or isinstance(wanted, facts.Gone)):
        yield "a key was looked at for nothing"
    if isinstance(wanted, facts.Gone) and (observed.restored or observed.policed):
        yield "a teardown restores nothing"


def _refused(world: World) -> Iterator[str]:
    """Yield why nobody could have declared this."""
    told = {name: getattr(world.policy, name) for name in world.policy.model_fields_set}
    if isinstance(world.wanted, facts.Kept):
        spec = world.wanted.spec
        told |= {name: getattr(spec, name) for name in spec.model_fields_set}
    try:
        parse.parse(told, world.store)
    except errors.InvalidInput as failure:
        yield from failure.problems


def product(*factors: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return one of all combinations, in one draw: many draws make a world slow to build."""
    return st.sampled_from(list(itertools.product(*factors)))


ADOPTS = ("no", "unowned", "any")


def _policies() -> Iterator[Policy]:
    deletions = ("schedule", "force", "force flag", "retain")
    recreates = ("restore", "fail", "replace")
    for deletion, recreate, adopt, drift, days, previous in itertools.product(
        deletions, recreates, ADOPTS, ("keep", "overwrite"), (7, 30), ("keep", "deprecate")
    ):
        told = {"on_recreate": recreate, "adopt": adopt, "on_value_drift": drift}
        told |= {"previous_version": previous, cases.GUARD: days if previous == "keep" else 0}
        if deletion.startswith("force"):
            flag = deletion == "force flag"
            forced = {"force_delete_without_recovery": True} if flag else {"deletion": "force"}
            yield Policy.model_validate({**told, **forced})
        elif recreate != "replace":
            window = {"recovery_window_in_days": days}
            yield Policy.model_validate({**told, **window, "deletion": deletion})


@st.composite
def _specs(draw: st.DrawFn) -> Spec:
    names = ("description", "kms_key_id", "tags")
    told = zip(names, draw(plain), strict=True)
    given = {name: content for name, content in told if content is not None}
    rest = draw(groups) if draw(st.booleans()) else ()
    return Spec.model_validate({**given, **draw(st.sampled_from(VALUES)), **merged(rest)})


def merged(groups: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all that some groups of fields say."""
    return {name: content for group in groups for name, content in group.items()}


policies = st.sampled_from(list(_policies()))
plain = product(TEXTS, KEYS, TAGS)
groups = product(COPIES, DOCUMENTS, ROTATIONS, REST)
specs = _specs()
pasts = product(OWNERS, INSTANCES, VERSIONS, VERSIONS)
marks = product((None, *OWNERS), MARKS, ORIGINS)
looks = product(TEXTS, KEYS, VERSIONS, TIES)
extras = product(LIVE_COPIES, LIVE_ROTATIONS, RECORDED, ("", "green", "blue"), (None, "partner"))
befores = st.sampled_from(VERSIONS)


kinds = st.sampled_from(["unknown", "absent", "purging", *3 * ["present", "pending"]])
TRUTH = (False, True)
found = product(TRUTH, TRUTH, (None, cases.OLDER), VERSIONS, VERSIONS, TRUTH, TRUTH)
PENDING = facts.PendingDeletion
KEY_STATES = (None, *(facts.Key(state=state) for state in facts.KeyState))
who = product(NAMES, OWNERS, ("kept", "kept", "gone"), (*facts.Mandate, facts.Mandate.OWN))


@st.composite
def memories(draw: st.DrawFn) -> facts.Memory:
    spec, (owner, instance, version, live) = draw(specs), draw(pasts)
    spec = spec.model_copy(update={"secret_string_wo": None})  # Nothing remembers it.
    return facts.Memory(
        id=cases.ID,
        owner=owner,
        spec=spec,
        instance=instance,
        version=version,
        live_version=live,
    )


@st.composite
def secrets(draw: st.DrawFn, name: str) -> facts.Secret:
    (description, key, version, tie), tags = draw(looks), draw(st.sampled_from(TAGS))
    before = draw(befores)
    replicas, rotation, recorded, label, kind = draw(extras)
    return facts.Secret(
        id=cases.ID,
        name=name,
        description=description or "",
        kms_key_id=key or None,
        tags=plan.frozen({**(tags or {}), **recorded, **cases.marks(*draw(marks))}),
        version=version,
        previous=before if version != before else None,
        labels=plan.frozen({label: cases.OLDER} if label and version else {}),
        type=kind,
        rotation=rotation,
        replicas=() if "primary_region" in tie else replicas,
        accessed=draw(st.sampled_from(LAST_READ)),
        **tie,
    )


@st.composite
def observations(draw: st.DrawFn, wanted: facts.Wanted) -> facts.Observed:
    kind = draw(kinds)
    if kind in cases.UNSEEN:
        return cases.UNSEEN[kind]
    secret = draw(secrets(wanted.name))
    if kind == "pending":
        return facts.PendingDeletion(secret=dataclasses.replace(secret, replicas=()))
    key = draw(st.sampled_from(KEY_STATES)) if secret.kms_key_id else None
    added, removed = draw(product(((), (OHIO,), (OHIO, OHIO)), ((), (OHIO,), (PARIS,))))
    if isinstance(wanted, facts.Gone):
        return facts.Present(secret=secret, key=key, removed=frozenset(removed))
    restored, policed, spent, holds, differs, created, rotated = draw(found)
    source = values.source(wanted.spec)
    compared = source not in {None, plan.Source.GENERATED} and differs not in {None, holds}
    return facts.Present(
        secret=secret,
        created=created and not restored,
        restored=restored,
        policed=policed,
        spent=spent,
        holds=holds if source else None,
        differs=frozenset({differs} if compared else ()),
        added=added,
        removed=frozenset(removed) - {*added},
        rotated=rotated,
        key=key if restored else None,
    )


@st.composite
def wants(draw: st.DrawFn) -> facts.Wanted:
    (name, owner, end, mandate), memory = draw(who), draw(st.none() | memories())
    own = mandate is facts.Mandate.OWN
    if memory and not own:  # A deputy remembers no marks and no versions.
        memory = dataclasses.replace(memory, instance=None, version=None, live_version=None)
    if end == "gone":
        mark = None if own else draw(st.sampled_from(["aaaa", OPERATION]))
        now = draw(st.sampled_from((None, NOW)))
        return facts.Gone(
            name=name, owner=owner, memory=memory, instance=mark, mandate=mandate, now=now
        )
    return facts.Kept(
        name=name,
        spec=draw(specs),
        owner=owner,
        instance=cases.FRESH_MARK if own else OPERATION,
        version=cases.FRESH,
        memory=memory,
        mandate=mandate,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    wanted = draw(wants())
    observed, store = draw(observations(wanted)), draw(st.sampled_from(STORES))
    able = store if fits(store, observed, wanted) else cases.AWS
    return World(observed=observed, wanted=wanted, policy=draw(policies), store=able)


def fits(store: Capabilities, observed: facts.Observed, wanted: facts.Wanted) -> bool:
    """Whether a store can show and keep all this."""
    memory, secret = wanted.memory, getattr(observed, "secret", facts.Secret(id="", name=""))
    specs = [memory.spec] if memory else []
    specs += [wanted.spec] if isinstance(wanted, facts.Kept) else []
    if not store.policies and any(spec.policy for spec in specs):
        return False
    lean = (secret.replicas, secret.rotation, secret.labels, secret.type)
    told = [(s.replicas, rotation.managed(s), s.version_stages, s.type) for s in specs]
    return store.replicas or not any(map(any, (lean, *told)))
