"""The double as tests use it: one object with its clock, faults, permissions and call log."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any, Literal, TypeVar

from . import (
    errors,
    faults,
    in_process,
    inspection,
    keys,
    log,
    parameters,
    permissions,
    server,
    service,
    sts,
    wire,
)
from .behaviour import Behaviour
from .clock import Clock
from .store import Replica, Secret, Shelf, Store

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"

_F = TypeVar("_F", bound=faults.Fault)


class Aws:
    """Secrets Manager, KMS, SSM and STS of a whole make-believe AWS, all accounts and regions.

    with aws.in_process():
        boto3.client("secretsmanager", region_name="us-east-1").delete_secret(SecretId="db")
    assert aws.secret("db").state == "pending"
    aws.clock.advance(days=30)
    assert aws.secret("db").state == "purging"

    Args:
        clock: The movable clock; a standing one at the present time by default.
        behaviour: The selected sides of what AWS leaves open; may be changed at any time.
        account: The account of callers whose access key nobody issued.
        region: The region that the helpers below mean when none is given.

    Attributes:
        calls: The call log; `calls.clear()` empties it.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        behaviour: Behaviour | None = None,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
    ) -> None:
        self.clock = clock or Clock()
        self.behaviour = behaviour or Behaviour()
        self.account = account
        self.region = region
        self.calls: list[log.Record] = []
        self._store = Store(self.clock, self.behaviour)
        self._service = service.SecretsManager(self._store)
        self._parameters = parameters.Parameters(self._store.keys)
        self._identities = sts.Identities(account, self.clock)
        self._grants = permissions.Grants()
        self._faults: list[faults.Fault] = []
        # Faults and hooks act outside of it, so that a hook can make calls of its own.
        self._lock = threading.RLock()

    # Transports ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def in_process(self) -> Iterator[Aws]:
        """Answer the boto3 clients made in this block, which also gets made-up credentials."""
        with in_process.activate(self):
            yield self

    @contextlib.contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve HTTP on 127.0.0.1 while the block runs; yields the URL.

        Other processes take it as AWS_ENDPOINT_URL_SECRETS_MANAGER, and likewise for KMS, SSM
        and STS.
        """
        with server.serve(self, port) as url:
            yield url

    def handle_raw(self, headers: dict[str, str], body: bytes) -> faults.Answer:
        """Answer one HTTP request, whichever transport brought it."""
        try:
            request = wire.parse(headers, body)
        except errors.AwsError as error:
            return wire.failure("", error)
        return self.handle(request)

    def handle(self, request: wire.Request) -> faults.Answer:
        """Answer one call: log, faults, credentials, permissions, state machine."""
        with self._lock:
            account = self._identities.account_of(request.access_key)
            record = log.Record(
                service=request.service,
                action=request.action,
                region=request.region,
                account=account,
                access_key=request.access_key,
                parameters=request.loggable(),
            )
            self.calls.append(record)
            hits = [fault for fault in self._faults if fault.hits(request)]
        try:
            answer = self._answer(request, hits, record)
        except errors.AwsError as error:
            record.outcome = error.code
            return wire.failure(request.service, error)
        except BaseException as problem:
            record.outcome = type(problem).__name__
            raise
        if isinstance(answer, wire.Dropped):
            record.outcome = answer.why
        return answer

    def _answer(
        self, request: wire.Request, hits: list[faults.Fault], record: log.Record
    ) -> faults.Answer:
        for fault in hits:
            early = fault.before(self, request)
            if early is not None:
                record.outcome = "ok"
                return early
        try:
            response = wire.success(request, self._carry_out(request))
            record.outcome = "ok"
        except errors.AwsError as error:
            record.outcome = error.code
            response = wire.failure(request.service, error)
        for fault in hits:
            late = fault.after(self, request, response)
            if late is not None:
                return late
        return response

    def _carry_out(self, request: wire.Request) -> wire.Params:
        with self._lock:
            caller = self._identities.caller(request.access_key)
            self._authorize(caller, request)
            if request.service == wire.STS:
                return self._identities.perform(caller, request.action, request.parameters)
            perform = {
                wire.KMS: self._store.keys.perform,
                wire.SECRETS_MANAGER: self._service.perform,
                wire.SSM: self._parameters.perform,
            }[request.service]
            return perform(caller.account, request.region, request.action, request.parameters)

    def _authorize(self, caller: sts.Caller, request: wire.Request) -> None:
        params, key, function = request.parameters, None, None
        names = ("SecretId", "Name", "RoleArn", "KeyId")
        resource = next((params[name] for name in names if params.get(name)), "*")
        if request.service == wire.SECRETS_MANAGER:
            shelf = self._store.shelf(caller.account, request.region)
            if self.behaviour.foreign_arn == "access-denied" and shelf.is_foreign(resource):
                permission = f"{request.service}:{request.action}"
                raise errors.foreign_secret(caller.arn, permission, resource)
            found = self._service.look_up(shelf, request.action, params)
            if isinstance(found, Secret | Replica):
                key = found.kms_key_id
                function = found.primary.rotation.get("RotationLambdaARN")
        if request.service == wire.SSM:
            parameter = self._parameters.find(caller.account, request.region, resource)
            key = parameter.key if parameter else None
        needs = permissions.needed(request.action, params, key, function)
        self._grants.check(caller.arn, resource, needs)

    def stale_answer(self, request: wire.Request) -> wire.Response | None:
        """Answer DescribeSecret as it was before the last write; None without one.

        Raises:
            AwsError: ResourceNotFound, when that write created the secret.
        """
        with self._lock:
            account = self._identities.caller(request.access_key).account
            before = self._service.before_last_write(account, request.region, request.parameters)
        return None if before is None else wire.success(request, before)

    # Faults -------------------------------------------------------------------------------

    def inject(self, fault: _F) -> _F:
        """Let something go wrong; returns the fault, for `remove`."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: faults.Fault) -> None:
        """Take one fault back."""
        with self._lock:
            self._faults.remove(fault)

    def heal(self) -> None:
        """Take all faults back."""
        with self._lock:
            self._faults.clear()

    def hook(
        self,
        action: str | Collection[str],
        when: Literal["before", "after"],
        callback: Callable[[wire.Request], object],
        *,
        times: int | None = 1,
        nth: int = 1,
    ) -> faults.Hook:
        """Call `callback` before or after calls are carried out; see `faults.Hook`."""
        return self.inject(faults.Hook(action, times, nth, callback=callback, when=when))

    # Permissions and credentials ----------------------------------------------------------

    def deny(self, *patterns: str) -> None:
        """Take permissions away from everybody, e.g. "secretsmanager:PutSecretValue"."""
        self._grants.deny(patterns)

    def allow_only(self, patterns: Collection[str]) -> None:
        """Leave everybody these permissions and no others."""
        self._grants.allow_only(patterns)

    def allow_everything(self) -> None:
        """Give all permissions back."""
        self._grants.allow_only(None)

    def user(self, name: str, account: str | None = None) -> sts.Credentials:
        """Issue an access key for an IAM user, in another account if wanted."""
        return self._identities.user(account or self.account, name)

    def expire(self, access_key: str = "*") -> None:
        """Let credentials run out: ExpiredTokenException from now on."""
        self._identities.expire(access_key)

    def revoke(self, access_key: str = "*") -> None:
        """Delete credentials: UnrecognizedClientException from now on."""
        self._identities.revoke(access_key)

    def add_key(
        self,
        key_id: str,
        state: keys.KeyState = "Enabled",
        deletion_date: dt.datetime | None = None,
        alias: str | None = None,
    ) -> None:
        """Plant a KMS key, or change its state; DescribeKey knows it from now on.

        Args:
            key_id: Its id or ARN; or an alias, which gets a key with a made-up id.
            state: What is not Enabled can encrypt and decrypt nothing.
            deletion_date: When a key in PendingDeletion is gone; 30 days from now by default.
            alias: One more name of the key, "alias/…".
        """
        with self._lock:
            self._store.keys.put(key_id, state, deletion_date)
            if alias:
                self._store.keys.name(alias, key_id)

    def disable_key(self, key_id: str) -> None:
        """Disable a KMS key: what it encrypts can be neither read nor written."""
        self.add_key(key_id, "Disabled")

    def enable_key(self, key_id: str) -> None:
        """Enable a KMS key again, also one whose deletion was pending."""
        self.add_key(key_id, "Enabled")

    def know_principal_after(self, principal: str, seconds: float) -> None:
        """Let resource policies that name this principal be refused for so long."""
        with self._lock:
            self._store.principals[principal] = self.clock.timestamp() + seconds

    # Looking and acting from outside, without log, faults or permissions ---------------------

    def actions(self, service_name: str = wire.SECRETS_MANAGER) -> list[str]:
        """Return the logged actions of a service, in order, each attempt counted."""
        return [record.action for record in self.calls if record.service == service_name]

    def secret(
        self, name: str, *, region: str | None = None, account: str | None = None
    ) -> inspection.SecretSnapshot:
        """Take a snapshot of the secret with this exact name, in whatever state."""
        with self._lock:
            self._service.settle()
            return inspection.snapshot(self._store, self._shelf(region, account), name)

    def secrets(self) -> list[inspection.SecretSnapshot]:
        """Take snapshots of everything, all accounts and regions, reserved names included."""
        with self._lock:
            self._service.settle()
            return [
                inspection.snapshot(self._store, shelf, name)
                for shelf in self._store.shelves.values()
                for name in [*(secret.name for secret in shelf), *shelf.tombstones]
            ]

    def by_hand(
        self, action: str, *, region: str | None = None, account: str | None = None, **params: Any
    ) -> wire.Params:
        """Act as a person in the console: one call that is neither logged nor disturbed.

        Raises:
            AwsError: What AWS would answer instead.
        """
        if isinstance(params.get("SecretBinary"), bytes):
            params["SecretBinary"] = base64.b64encode(params["SecretBinary"]).decode()
        with self._lock:
            return self._service.perform(
                account or self.account, region or self.region, action, params
            )

    def put_by_hand(
        self,
        name: str,
        value: str | bytes,
        *,
        region: str | None = None,
        account: str | None = None,
    ) -> str:
        """Put a value as the console does, under a random token; returns the version id."""
        field = "SecretBinary" if isinstance(value, bytes) else "SecretString"
        params: dict[str, Any] = {
            "SecretId": name,
            "ClientRequestToken": str(uuid.uuid4()),
            field: value,
        }
        answer = self.by_hand("PutSecretValue", region=region, account=account, **params)
        return str(answer["VersionId"])

    def purge(self, name: str, *, region: str | None = None, account: str | None = None) -> None:
        """Purge a pending secret now, as AWS does at the end of the window.

        Raises:
            ValueError: The secret is not pending deletion.
        """
        with self._lock:
            self._service.settle()
            shelf = self._shelf(region, account)
            found = shelf.named(name)
            if not isinstance(found, Secret) or found.deletion is None:
                message = f"{name} is not pending deletion"
                raise ValueError(message)
            self._store.purge(shelf, found, self.clock.timestamp())

    def drop_unlabelled(self) -> None:
        """Drop all versions without labels now, as AWS does in its own time."""
        with self._lock:
            self._service.settle()
            self._service.drop_unlabelled()

    def add_parameter(
        self,
        name: str,
        value: str,
        *,
        secure: bool = True,
        key: str | None = None,
        region: str | None = None,
        account: str | None = None,
    ) -> None:
        """Plant an SSM parameter, a SecureString unless told not to; `key` is its KMS key."""
        place = account or self.account, region or self.region
        with self._lock:
            self._parameters.put(*place, name, value, secure=secure, key=key)

    def plant(
        self,
        name: str,
        *,
        region: str | None = None,
        account: str | None = None,
        **described: Any,
    ) -> None:
        """Add what only others can cause to DescribeSecret: OwningService, CrossAccountReplicas.

        Raises:
            ValueError: There is no such secret.
        """
        with self._lock:
            found = self._shelf(region, account).named(name)
            if not isinstance(found, Secret):
                message = f"{name} is not a secret"
                raise ValueError(message)  # noqa: TRY004 - the name is wrong, not its type
            found.planted.update(described)

    def _shelf(self, region: str | None, account: str | None) -> Shelf:
        return self._store.shelf(account or self.account, region or self.region)
