"""Facts to decide on, in few words: one secret, who claims it, what is remembered and wanted.

The constants stand for roles, so that a case reads as what it means.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits

NAME = "shop/dev/db"
ID = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/dev/db-AbCdEf"
OTHER_ID = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/dev/db-GhIjKl"

OURS = "pulumi/shop/dev/db:0123456789abcdef"
RENAMED = "pulumi/shop/test/db:fedcba9876543210"
"""The owner as it was before the stack was renamed."""
OTHERS = "pulumi/bank/prod/db:aaaaaaaaaaaaaaaa"

LIVE_MARK, FRESH_MARK, PAST_MARK = "1" * 32, "2" * 32, "3" * 32

FIRST = ownership.version_id("a" * 32)
"""The version that held the declared value."""
OLDER = ownership.version_id("b" * 32)
"""A version that we wrote at another time."""
FRESH = ownership.version_id("c" * 32)
FOREIGN = "5f0c1ed8-2b0e-4c11-9d0a-0a6f9e1b7c21"
"""A version that a person or a rotation put."""

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1111-2222"
"""A customer's own key."""
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"

CANARY = "canary-7GkP0wQz"
GUARD = "refuse_deletion_if_accessed_within"

VALUE, OTHER_VALUE = Sealed(CANARY), Sealed("another-value")

DOCUMENT_CANARY = "canary-of-a-policy"
DOCUMENT = (
    '{"Statement":{"Action":"secretsmanager:GetSecretValue","Effect":"Allow",'
    f'"Principal":{{"AWS":"111122223333"}},"Resource":"{DOCUMENT_CANARY}"}},"Version":"2012-10-17"}}'
)
"""A resource policy in normal form."""

AWS = limits.AWS
NO_POLICIES = dataclasses.replace(AWS, service="a store without policies", policies=False)
VALUE_REQUIRED = dataclasses.replace(AWS, service="a store of values", value_required=True)
BARE = dataclasses.replace(
    NO_POLICIES,
    service="a bare store",
    replicas=False,
    rotation=False,
    types=False,
    labels=0,
    keys=False,
)
"""A store that has none of what can be done without."""
FIXED_KEY = dataclasses.replace(AWS, service="a store of fixed keys", key_mutable=False)
TINY = dataclasses.replace(
    AWS,
    name_length=2,
    value_bytes=2,
    description_length=2,
    tags=ownership.MARKS,
    tag_key_length=2,
    tag_value_length=2,
)
"""A store with room for next to nothing."""

UNSEEN: Mapping[str, facts.Observed] = {
    "unknown": facts.Unknown(),
    "absent": facts.Absent(),
    "purging": facts.Purging(),
}
"""What can be known of a secret that was not seen."""


def marks(
    owner: str | None = OURS, instance: str | None = LIVE_MARK, origin: str | None = "created"
) -> dict[str, str]:
    """Return our tags; `None` leaves one out."""
    told = {ownership.OWNER: owner, ownership.INSTANCE: instance, ownership.ORIGIN: origin}
    return {key: content for key, content in told.items() if content is not None}


def secret(*, tags: Mapping[str, str] | None = None, **told: Any) -> facts.Secret:
    """Return a secret as a store shows it: ours, unless its tags say otherwise."""
    whole = marks() if tags is None else tags
    return facts.Secret(**{"id": ID, "name": NAME, **told}, tags=plan.frozen(whole))


def present(state: facts.Secret | None = None, **known: Any) -> facts.Present:
    return facts.Present(secret=state or secret(), **known)


def memory(**told: Any) -> facts.Memory:
    """Return what is remembered: this secret, this owner and this incarnation."""
    return facts.Memory(**{"id": ID, "owner": OURS, "instance": LIVE_MARK, **told})


def kept(spec: Spec | None = None, **told: Any) -> facts.Kept:
    ready = {"name": NAME, "owner": OURS, "instance": FRESH_MARK, "version": FRESH}
    return facts.Kept(**{**ready, **told}, spec=spec or Spec())


def gone(**told: Any) -> facts.Gone:
    return facts.Gone(**{"name": NAME, "owner": OURS, **told})


def spec(value: Sealed | None = None, **told: Any) -> Spec:
    """Return a spec, with a value as the surfaces hand it over."""
    return Spec(secret_string=value, **told)


@functools.cache
def policy(**told: Any) -> Policy:
    return Policy(**told)


def kinds(decision: plan.Decision) -> tuple[str, ...]:
    """Return the names of the actions; of a refusal or a failure that it is one."""
    if isinstance(decision, plan.Refusal):
        return ("refuse",)
    if isinstance(decision, plan.Failure):
        return ("fail",)
    return tuple(type(action).__name__ for action in decision.actions)


def parts(thing: object) -> Iterator[object]:
    """Yield an object and all that it holds, however deep."""
    yield thing
    inner: list[object] = []
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        inner = [getattr(thing, part.name) for part in dataclasses.fields(thing)]
    elif isinstance(thing, Mapping):
        inner = [*thing, *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        inner = list(thing)
    for part in inner:
        yield from parts(part)
