"""A stage for the engine: the AWS store on the double, one clock for both, and the usual parts.

The engine's pauses move the double's clock, so that what takes AWS minutes takes a test nothing.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any, Final

import boto3

import emulation
from contract import worlds
from recoverable_secrets.core import documents, facts, ownership
from recoverable_secrets.core.facts import Gone, Kept, Memory
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine, Result
from recoverable_secrets.stores import SecretStore
from recoverable_secrets.stores.aws import AwsStore

NAME: Final = "prod/db-secret"
OWNER: Final = "pulumi/shop/prod/db:0123456789abcdef"
STRANGER: Final = "pulumi/other/prod/db:fedcba9876543210"
KEY: Final = "alias/ours"
POLICY_DOCUMENT: Final = worlds.POLICY

LOOK, CREATE, RESTORE = "DescribeSecret", "CreateSecret", "RestoreSecret"
UPDATE, COMPARE, DELETE = "UpdateSecret", "PutSecretValue", "DeleteSecret"
TAG, UNTAG, NO_POLICY = "TagResource", "UntagResource", "DeleteResourcePolicy"
PUT_POLICY, MOVE = "PutResourcePolicy", "UpdateSecretVersionStage"
REPLICATE, UNREPLICATE = "ReplicateSecretToRegions", "RemoveRegionsFromReplication"
ROTATE, NO_ROTATION, CHECK = "RotateSecret", "CancelRotateSecret", "DescribeKey"

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
NEAR, FAR = "eu-west-1", "ap-south-1"
REPLICAS: Final = [{"region": NEAR}, {"region": FAR, "kms_key_id": "alias/far"}]
DOCUMENT: Final = documents.normal({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret",
                   "Resource": "*"}],
})  # fmt: skip
FUNCTION: Final = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
ROTATION: Final[dict[str, Any]] = {
    "rotation_lambda_arn": FUNCTION, "rotation_rules": {"automatically_after_days": 30},
}  # fmt: skip

_numbers = itertools.count(1)


def generated(**fields: Any) -> Spec:
    """Return what is declared, with a value that can be told from a literal one."""
    how = Generate(secret_string_template="{}", generate_string_key=_GENERATED)
    return spec(None, generate_secret_string=how, **fields)


_GENERATED = "generated"
SOURCE = ValueFrom(environment_variable="DB_PASSWORD")


def referenced(**fields: Any) -> Spec:
    """Return what is declared, with a value that stands elsewhere."""
    return spec(None, value_from=SOURCE, **fields)


def write_only(value: str, version: int, **fields: Any) -> Spec:
    """Return what is declared, with a value that nobody remembers."""
    sealed = Sealed(value)
    return spec(None, secret_string_wo=sealed, secret_string_wo_version=version, **fields)


def spec(value: str | None = "the value", **fields: Any) -> Spec:
    """Return what is declared: a described secret with two tags and a literal value."""
    usual: dict[str, Any] = {"description": "of the database", "tags": {"team": "a", "stage": "p"}}
    sealed = Sealed(value) if value else None
    return Spec(**{**usual, **fields}, secret_string=sealed)


class Time:
    """The engine's clock on the double's; remembers how long each pause was."""

    def __init__(self, clock: emulation.Clock) -> None:
        self.clock, self.start = clock, clock.timestamp()
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.clock.timestamp() - self.start

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses.append(seconds)
        self.clock.advance(seconds=seconds)


class Scene:
    """One double, one engine, and what a surface would remember."""

    def __init__(self, double: emulation.Aws, store: SecretStore) -> None:
        self.aws, self.store = double, store
        self.time = Time(double.clock)
        self.said: list[str] = []
        self.elsewhere = "what stands elsewhere"
        self.engine = Engine(store, clock=self.time, say=self.said.append, read=self._read)

    def _read(self, source: ValueFrom) -> Sealed:
        """Read a value where it stands, as a surface would."""
        assert source == SOURCE
        return Sealed(self.elsewhere)

    def run(self, wanted: facts.Wanted, **policy: Any) -> Result:
        """Run one operation; the calls and the sentences are those of this one."""
        self.aws.calls.clear()
        self.said.clear()
        self.time.pauses.clear()
        return self.engine.run(wanted, Policy(**policy))

    def remember(self, declared: Spec | None = None, **policy: Any) -> Memory:
        """Create the secret, and return what a surface remembers of it."""
        wanted = kept(declared or spec())
        return memory_of(self.run(wanted, **policy), wanted)

    def remembering(self, result: Result, declared: Spec) -> Memory:
        """Return what a surface remembers of a run."""
        return memory_of(result, kept(declared))

    def pending(self, declared: Spec | None = None) -> Memory:
        """Create the secret and tear it down; return what was remembered."""
        memory = self.remember(declared)
        self.run(gone(memory))
        return memory

    def person_tags(self, **tags: str) -> None:
        """Change tags as a person would."""
        self.aws.by_hand(
            "TagResource", SecretId=NAME, Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
        )

    def hand_over(self, owner: str | None) -> None:
        """Change the owner tag as a person would; `None` takes it away."""
        if owner is None:
            self.aws.by_hand("UntagResource", SecretId=NAME, TagKeys=[ownership.OWNER])
        else:
            self.person_tags(**{ownership.OWNER: owner})

    @property
    def calls(self) -> list[str]:
        """Each call of the last operation that reached AWS."""
        return self.aws.actions()

    @property
    def calls_of_all(self) -> list[str]:
        """Each call of the last operation, to whatever service."""
        return [record.action for record in self.aws.calls]

    @property
    def secret(self) -> emulation.SecretSnapshot:
        """The secret as AWS holds it."""
        return self.aws.secret(NAME)


def kept(declared: Spec | None = None, memory: Memory | None = None, owner: str = OWNER) -> Kept:
    """Return a declaration; marks and version ids are fresh each time, as surfaces make them."""
    number = next(_numbers)
    return Kept(
        name=NAME,
        spec=declared or spec(),
        owner=owner,
        instance=f"{number:032x}",
        version=ownership.version_id(f"{number:032x}"),
        memory=memory,
    )


def gone(memory: Memory | None = None, owner: str = OWNER) -> Gone:
    """Return the wish that the secret goes."""
    return Gone(name=NAME, owner=owner, memory=memory)


def memory_of(result: Result, wanted: Kept) -> Memory:
    """Return what a surface remembers after an operation."""
    assert isinstance(result.known, facts.Present)
    secret = result.known.secret
    return Memory(
        id=secret.id,
        owner=wanted.owner,
        spec=wanted.spec,
        instance=secret.tags[ownership.INSTANCE],
        version=result.known.holds,
        live_version=secret.version,
    )


def end(double: emulation.Aws) -> dict[str, Any]:
    """Return all that an operation leaves in AWS, without what is random."""
    return end_of(double.secret(NAME))


def end_of(secret: emulation.SecretSnapshot) -> dict[str, Any]:
    """Return all of one secret, without what is random."""
    tags = {k: "<mark>" if k == ownership.INSTANCE else v for k, v in secret.tags.items()}
    return {
        "state": secret.state,
        "versions": [(one.labels, _shown(one.value)) for one in secret.versions.values()],
        "tags": tags,
        "description": secret.description,
        "key": secret.kms_key_id,
        "policy": secret.policy,
        "type": secret.type,
        "replicas": {region: one.kms_key_id for region, one in secret.replicas.items()},
        "rotation": {k: v for k, v in secret.rotation.items() if not k.endswith("Date")},
    }


def _shown(value: str | bytes) -> str | bytes:
    made = isinstance(value, str) and value.startswith(f'{{"{_GENERATED}"')
    return "<generated>" if made else value


MakeScene = Callable[..., Scene]


def make_scene(session: boto3.Session, behaviour: emulation.Behaviour | None = None) -> Scene:
    """Return an empty scene; the caller lets its double answer."""
    double = emulation.Aws(
        clock=emulation.Clock(worlds.START), behaviour=dataclasses.replace(behaviour)
        if behaviour else None,
    )  # fmt: skip
    store = AwsStore(worlds.connection())
    store._session = session
    return Scene(double, store)
