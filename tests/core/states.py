"""Strategies for what can be known, remembered and wanted; only states that can exist.

`impossible()` is the checker: it says why a world cannot exist, and every world made here passes.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from core import cases
from recoverable_secrets.core import errors, facts, ownership, parse, plan
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Capabilities, Policy

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("steady")

STEADY = settings(settings.get_profile("steady"), max_examples=100)
THOROUGH = settings(STEADY, max_examples=250)


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


STORES = (cases.AWS, cases.NO_POLICIES, cases.VALUE_REQUIRED, cases.FIXED_KEY)
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
    {"replicas": ("eu-north-1",)},
)


def impossible(world: World) -> Iterator[str]:
    """Yield why this cannot be."""
    yield from _seen_otherwise(world)
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


def _known_otherwise(world: World) -> Iterator[str]:
    """Yield why nobody could know or remember this."""
    observed, wanted, memory = world.observed, world.wanted, world.wanted.memory
    if wanted.owner == "" or (memory is not None and not memory.owner):
        yield "nobody wants something without a name"
    if not isinstance(observed, facts.Present):
        return
    spec = wanted.spec if isinstance(wanted, facts.Kept) else Spec()
    if observed.differs and spec.value is None:
        yield "compared without a literal"
    if observed.holds and spec.value is None and spec.generate_secret_string is None:
        yield "wrote a value that nobody declared"
    if observed.holds is not None and observed.holds == observed.differs:
        yield "one version holds the value and does not"
    if isinstance(wanted, facts.Gone) and (observed.restored or observed.unpoliced):
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


def _policies() -> Iterator[Policy]:
    deletions = ("schedule", "force", "force flag", "retain")
    recreates = ("restore", "fail", "replace")
    for deletion, recreate, adopt, drift, days in itertools.product(
        deletions, recreates, ("no", "unowned", "any"), ("keep", "overwrite"), (7, 30)
    ):
        told = {"on_recreate": recreate, "adopt": adopt, "on_value_drift": drift}
        if deletion.startswith("force"):
            flag = deletion == "force flag"
            forced = {"force_delete_without_recovery": True} if flag else {"deletion": "force"}
            yield Policy.model_validate({**told, **forced})
        elif recreate != "replace":
            window = {"recovery_window_in_days": days}
            yield Policy.model_validate({**told, **window, "deletion": deletion})


def _specs() -> Iterator[Spec]:
    names = ("description", "kms_key_id", "tags")
    for *told, value in itertools.product(TEXTS, KEYS, TAGS, VALUES):
        declared = zip(names, told, strict=True)
        given = {name: content for name, content in declared if content is not None}
        yield Spec.model_validate({**given, **value})


policies = st.sampled_from(list(_policies()))
specs = st.sampled_from(list(_specs()))
pasts = product(OWNERS, INSTANCES, VERSIONS, VERSIONS)
marks = product((None, *OWNERS), MARKS, ORIGINS)
looks = product(TEXTS, KEYS, VERSIONS, TIES)
befores = st.sampled_from(VERSIONS)


kinds = st.sampled_from(["unknown", "absent", "purging", *3 * ["present", "pending"]])
found = product((False, True), (False, True), (None, cases.OLDER), VERSIONS, VERSIONS)
who = product(NAMES, OWNERS, ("kept", "kept", "gone"), (*facts.Mandate, facts.Mandate.OWN))


@st.composite
def memories(draw: st.DrawFn) -> facts.Memory:
    spec, (owner, instance, version, live) = draw(specs), draw(pasts)
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
    return facts.Secret(
        id=cases.ID,
        name=name,
        description=description or "",
        kms_key_id=key or None,
        tags=plan.frozen({**(tags or {}), **cases.marks(*draw(marks))}),
        version=version,
        previous=before if version != before else None,
        **tie,
    )


@st.composite
def observations(draw: st.DrawFn, wanted: facts.Wanted) -> facts.Observed:
    kind = draw(kinds)
    if kind in cases.UNSEEN:
        return cases.UNSEEN[kind]
    secret = draw(secrets(wanted.name))
    if kind == "pending":
        return facts.PendingDeletion(secret=secret)
    if isinstance(wanted, facts.Gone):
        return facts.Present(secret=secret)
    restored, unpoliced, spent, holds, differs = draw(found)
    literal = wanted.spec.value is not None
    valued = literal or wanted.spec.generate_secret_string is not None
    return facts.Present(
        secret=secret,
        restored=restored,
        unpoliced=unpoliced,
        spent=spent,
        holds=holds if valued else None,
        differs=differs if literal and differs != holds else None,
    )


@st.composite
def wants(draw: st.DrawFn) -> facts.Wanted:
    (name, owner, end, mandate), memory = draw(who), draw(st.none() | memories())
    own = mandate is facts.Mandate.OWN
    if memory and not own:  # A deputy remembers no marks and no versions.
        memory = dataclasses.replace(memory, instance=None, version=None, live_version=None)
    if end == "gone":
        mark = None if own else draw(st.sampled_from(["aaaa", OPERATION]))
        return facts.Gone(name=name, owner=owner, memory=memory, instance=mark, mandate=mandate)
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
    return World(
        observed=draw(observations(wanted)),
        wanted=wanted,
        policy=draw(policies),
        store=draw(st.sampled_from(STORES)),
    )
