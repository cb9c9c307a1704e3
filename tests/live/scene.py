"""Where a row plays: one side (AWS, or the double), and the secrets that the row makes there.

Rules:

- Nothing without the prefix is touched: a guard in each client refuses the call before it is sent.
- A name is noted before it is created, so that what a lost answer leaves is cleaned up too.
- AWS takes moments to see its own writes: a pause comes between a write and the next call.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import botocore
from botocore import exceptions

from .outcome import Outcome, Words

READS = frozenset(
    {
        "BatchGetSecretValue",
        "DescribeSecret",
        "GetResourcePolicy",
        "GetSecretValue",
        "ListSecretVersionIds",
        "ListSecrets",
        "ValidateResourcePolicy",
    }
)
STEP_SECONDS = 5.0


class Untouchable(Exception):
    """A row was about to call something that it has not made."""


@dataclasses.dataclass
class Side:
    """One of the two services that are compared.

    Attributes:
        make: Makes a Secrets Manager client for a region.
        prefix: What the names of all secrets begin with.
        account: The caller's account.
        partition: "aws", "aws-cn", ...
        region: Where the secrets are.
        far: Another region, for replicas.
        now: Tells the side's time.
        pause: Lets so many seconds pass.
        settle: Seconds that a write takes to be seen.
        made: Region and name of every secret that was, or was about to be, created.
    """

    make: Callable[[str], Any]
    prefix: str
    account: str
    partition: str
    region: str
    far: str
    now: Callable[[], dt.datetime]
    pause: Callable[[float], None]
    settle: float = 0.0
    made: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    _clients: dict[str, Any] = dataclasses.field(default_factory=dict)

    def client(self, region: str | None = None) -> Any:
        """Return the guarded client of a region, by default the main one."""
        region = region or self.region
        if region not in self._clients:
            client = self.make(region)
            client.meta.events.register(
                "provide-client-params.secrets-manager", functools.partial(self._guard, region)
            )
            self._clients[region] = client
        return self._clients[region]

    def under(self, prefix: str) -> Side:
        """Return the same side for secrets of another prefix."""
        return dataclasses.replace(self, prefix=prefix, made=set(), _clients={})

    def _guard(self, region: str, params: Mapping[str, Any], model: Any, **_: object) -> None:
        for target in _targets(model.name, params):
            if not is_ours(target, self.prefix):
                raise Untouchable(f"{model.name} of {target}: it does not begin with {self.prefix}")
        if model.name in {"CreateSecret", "StopReplicationToReplica"}:
            self.made.add((region, params.get("Name") or params["SecretId"]))


def _targets(action: str, params: Mapping[str, Any]) -> list[str]:
    """Return what a call is about: names, ARNs, or the name filter of a list.

    Raises:
        Untouchable: Nobody can tell.
    """
    if action == "ListSecrets":
        filters = params.get("Filters") or []
        named = [text for one in filters if one["Key"] == "name" for text in one["Values"]]
    elif action == "BatchGetSecretValue":
        named = list(params.get("SecretIdList") or [])
    else:
        named = [params[key] for key in ("Name", "SecretId") if key in params]
    if not named:
        raise Untouchable(f"{action}: it does not say of which secret")
    return named


def is_ours(target: str, prefix: str) -> bool:
    """Whether a name or an ARN is that of a secret with the prefix."""
    head, _, rest = target.partition(":secret:")
    return (rest if head.startswith("arn:") else target).startswith(prefix)


class Scene:
    """The secrets of one row on one side."""

    def __init__(self, side: Side, number: int) -> None:
        """Set the scene; `number` tells the rows of a run apart."""
        self.side = side
        self._stem = f"{side.prefix}{number:03}-{secrets.token_hex(2)}"
        self._names = 0
        self._written = False
        self.words = Words(
            {
                side.account: "<account>",
                side.region: "<region>",
                side.far: "<other region>",
                self._stem: "<name>",
            }
        )

    def name(self, ending: str = "") -> str:
        """Return a name that no secret has yet."""
        self._names += 1
        name = f"{self._stem}-{self._names}{ending}"
        self.words.learn(name, "<name>" if self._names == 1 else f"<name {self._names}>")
        return name

    def token(self, label: str) -> str:
        """Return a fresh token, shown as `<label>`."""
        token = secrets.token_hex(16)
        self.words.learn(token, f"<{label}>")
        return token

    def arn(self, name: str, *, account: str | None = None) -> str:
        """Return the ARN that a secret could have, with a made-up suffix."""
        where = f"{self.side.region}:{account or self.side.account}"
        return f"arn:{self.side.partition}:secretsmanager:{where}:secret:{name}-AbCdEf"

    def do(self, action: str, *, far: bool = False, **params: Any) -> dict[str, Any]:
        """Make a call that has to succeed; return its answer.

        Raises:
            ClientError: It did not.
        """
        if self._written:
            self.side.pause(self.side.settle)
        self._written = action not in READS
        client = self.side.client(self.side.far if far else None)
        answer: dict[str, Any] = getattr(client, botocore.xform_name(action))(**params)
        return answer

    def ask(
        self, action: str, *, far: bool = False, show: tuple[str, ...] = (), **params: Any
    ) -> Outcome:
        """Make the call that the row is about; return what it came to."""
        try:
            return self.words.answer(self.do(action, far=far, **params), show)
        except exceptions.ClientError as error:
            return self.words.error(error)

    def live(self, ending: str = "", **params: Any) -> str:
        """Create a secret; return its name."""
        name = self.name(ending)
        self.do("CreateSecret", **{"Name": name, "SecretString": "v", **params})
        return name

    def pending(self, days: int = 7, **params: Any) -> str:
        """Create a secret and schedule its deletion; return its name."""
        name = self.live(**params)
        self.do("DeleteSecret", SecretId=name, RecoveryWindowInDays=days)
        return name

    def purging(self, **params: Any) -> str:
        """Create a secret and delete it for good; return its name."""
        name = self.live(**params)
        self.do("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
        return name

    def described(self, name: str, *, far: bool = False) -> dict[str, Any]:
        """Return what DescribeSecret tells."""
        return self.do("DescribeSecret", SecretId=name, far=far)

    def state(self, name: str) -> str:
        """Return "live", "pending" or "absent", as DescribeSecret tells."""
        try:
            return "pending" if "DeletedDate" in self.described(name) else "live"
        except exceptions.ClientError as error:
            if error.response["Error"].get("Code") == "ResourceNotFoundException":
                return "absent"
            raise

    def value(self, name: str) -> object:
        """Return the current value."""
        answer = self.do("GetSecretValue", SecretId=name)
        return answer.get("SecretString", answer.get("SecretBinary"))

    def labels(self, name: str) -> str:
        """Return which version has which labels."""
        held = self.described(name).get("VersionIdsToStages", {})
        return self.words.value({version: sorted(stages) for version, stages in held.items()})

    def until(self, holds: Callable[[], bool], seconds: float) -> float | None:
        """Wait until something holds; return for how long, or None if it never did."""
        waited = 0.0
        while not holds():
            if waited >= seconds:
                return None
            self.side.pause(STEP_SECONDS)
            waited += STEP_SECONDS
        return waited
