"""AWS Secrets Manager through boto3. The only module that knows either.

Values never pass through botocore's own code: it validates and logs its parameters. It is given
a stand-in that AWS refuses, and the value takes its place in the body right before signing.
"""

from __future__ import annotations

import base64
import contextvars
import dataclasses
import functools
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import boto3
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.parsers
import botocore.session

from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.policy import Capabilities
from recoverable_secrets.core.sealed import Sealed

from . import aws_errors, aws_wire, limits

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest

CONFIG = botocore.config.Config(
    retries={"mode": "standard", "total_max_attempts": limits.CALL_ATTEMPTS},
    connect_timeout=limits.CONNECT_SECONDS,
    read_timeout=limits.READ_SECONDS,
    user_agent_extra="recoverable-secrets",
)
"""How every client calls: which retries, how long."""

HASTY = CONFIG.merge(
    botocore.config.Config(
        retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=3
    )
)
"""How to call for what is good to know, but not needed: there may be no way to the service."""

_T = TypeVar("_T")
_VALUE: contextvars.ContextVar[Sealed | None] = contextvars.ContextVar("value", default=None)
_STAND_IN = {"SecretString": "-", "SecretBinary": b"-"}
_LOCK = threading.Lock()  # boto3 sessions are not made safely by several threads at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role to assume.

    Attributes:
        arn: Its ARN.
        session_name: Name of the session, for the trail.
        external_id: External id that the role's trust policy asks for.
        duration_seconds: Life of each set of credentials.
    """

    arn: str
    session_name: str = "recoverable-secrets"
    external_id: str | None = None
    duration_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where and as whom to call AWS. What is not given comes from the environment.

    Attributes:
        region: Region of secrets that have no ARN yet.
        profile: Profile of the shared configuration.
        roles: Roles to assume, one through the other.
        accounts: The only accounts allowed; none means any.
        endpoints: URLs by service (`secretsmanager`, `sts`, `kms`, `ssm`) in place of AWS's own.
    """

    region: str | None = None
    profile: str | None = None
    roles: tuple[Role, ...] = ()
    accounts: tuple[str, ...] = ()
    endpoints: tuple[tuple[str, str], ...] = ()


def connection(settings: Mapping[str, Any]) -> Connection:
    """Return the connection that a surface's plain settings describe."""
    arn, roles = settings.get("assume_role_arn"), settings.get("assume_roles") or ()
    known = {field.name for field in dataclasses.fields(Role)}
    return Connection(
        region=settings.get("region"),
        profile=settings.get("profile"),
        roles=(Role(arn=arn),) if arn else tuple(
            Role(**{k: v for k, v in role.items() if k in known and v is not None})
            for role in roles
        ),
        accounts=tuple(settings.get("allowed_account_ids") or ()),
        endpoints=tuple(sorted((settings.get("endpoints") or {}).items())),
    )  # fmt: skip


@functools.lru_cache(maxsize=128)
def open_store(where: Connection) -> AwsStore:
    """Return the store for a connection; the same one for the same connection."""
    return AwsStore(where)


class AwsStore:
    """Secrets in AWS Secrets Manager; see `SecretStore` for what is promised."""

    def __init__(self, where: Connection) -> None:
        """Make a store; nothing is called before the first look or action."""
        self._where = where
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None
        self._account: str | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Limits of AWS Secrets Manager."""
        return limits.AWS

    def observe(
        self, ref: facts.Ref, *, policy: bool = False
    ) -> facts.Absent | facts.Present | facts.PendingDeletion:
        """Return what DescribeSecret tells; see `SecretStore`."""
        asked = {"SecretId": ref.id or ref.name}
        found = self._call(ref, "DescribeSecret", asked, read=aws_wire.described)
        if isinstance(found, plan.Conflict | plan.Later):
            self._prove_account(ref)
            return facts.Absent()
        if (ref.id or ref.name) not in {found.secret.id, found.secret.name}:
            return facts.Absent()  # Found by part of its ARN: not the one that was asked for.
        if policy and isinstance(found, facts.Present):
            asked = {"SecretId": found.secret.id}
            told = self._call(ref, "GetResourcePolicy", asked, read=aws_wire.policy)
            document = told if isinstance(told, str) else None
            return facts.Present(secret=dataclasses.replace(found.secret, policy=document))
        return found

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        """Carry out one action in one call; see `SecretStore`."""
        if isinstance(action, plan.CheckKey):
            return plan.Done(key=self._key_state(ref, action.kms_key_id))
        operation, request = aws_wire.request(ref, action)
        read = functools.partial(aws_wire.done, action)
        return self._call(ref, operation, request, payload, read=read)

    def _key_state(self, ref: facts.Ref, key: str) -> facts.Key:
        """Return what DescribeKey tells; that it tells nothing is no failure of ours."""
        client = self.client("kms", self._region(ref))
        try:
            return aws_wire.key(client.describe_key(KeyId=key)["KeyMetadata"])
        except botocore.exceptions.ClientError as error:
            missing = error.response.get("Error", {}).get("Code") == "NotFoundException"
        except (botocore.exceptions.BotoCoreError, *aws_errors.ODD):
            missing = False
        return facts.Key(state=facts.KeyState.MISSING if missing else facts.KeyState.UNTOLD)

    def read_parameter(self, name: str) -> Sealed:
        """Return the value of a parameter of AWS Systems Manager, by name or ARN.

        Raises:
            RecoverableSecretsError: It cannot be read; the text names it.
        """
        from . import aws_sources  # noqa: PLC0415  # It needs this module; few need it.

        return aws_sources.parameter(self, name)

    def read_secret(self, id: str) -> Sealed:  # noqa: A002  # as all ids here
        """Return the current value of another secret, by exact name or full ARN.

        Raises:
            RecoverableSecretsError: It cannot be read; the text names it.
        """
        from . import aws_sources  # noqa: PLC0415  # It needs this module; few need it.

        return aws_sources.secret(self, id)

    def _call(
        self,
        ref: facts.Ref,
        operation: str,
        request: dict[str, Any],
        payload: Sealed | None = None,
        *,
        read: Callable[[dict[str, Any]], _T],
    ) -> _T | plan.Conflict | plan.Later:
        """Make one call, read its answer, and translate all that can go wrong."""
        subject = aws_errors.Subject(operation, ref.name, payload)

        def call() -> _T:
            region, stand_in = self._region(ref), _STAND_IN if payload else {}
            token = _VALUE.set(payload)
            try:
                answer = self.ask("secretsmanager", region, operation, {**request, **stand_in})
            finally:
                _VALUE.reset(token)
            return read(answer)

        return translated(subject, call)

    @property
    def region(self) -> str:
        """The region of secrets that have no ARN yet.

        Raises:
            InvalidInput: None is set anywhere.
        """
        region = self._where.region or self._usual_region
        if not region:
            raise errors.InvalidInput([
                "no region: set the region argument, aws:region, AWS_REGION, or a profile with one"
            ])  # fmt: skip
        return str(region)

    @functools.cached_property
    def regions(self) -> tuple[str, ...]:
        """All regions of the partition that have the service, as the SDK knows them; no call."""
        with _LOCK:
            session = self._base_session()
            home = self._where.region or os.environ.get("AWS_REGION") or session.region_name
            partition = session.get_partition_for_region(home) if home else "aws"
            return tuple(session.get_available_regions("secretsmanager", partition))

    def elsewhere(self, region: str) -> AwsStore:
        """Return the store of another region; it shares credentials, roles and clients."""
        with _LOCK:
            if self._session is None:
                self._session = self._assumed(region)
        there = AwsStore(dataclasses.replace(self._where, region=region))
        there._session, there._clients = self._session, self._clients
        return there

    def _region(self, ref: facts.Ref) -> str:
        arn = aws_wire.Arn.parse(ref.id) if ref.id else None
        return arn.region if arn else self.region

    @functools.cached_property
    def _usual_region(self) -> str | None:
        """The region of the environment or of the profile, looked up once."""
        with _LOCK:
            found: str | None = os.environ.get("AWS_REGION") or self._base_session().region_name
        return found

    def client(self, service: str, region: str) -> Any:
        """Return the boto3 client of a service, the same one at each call.

        Args:
            service: As boto3 names it, such as `secretsmanager`.
            region: Where to call it.
        """
        with _LOCK:
            if (service, region) not in self._clients:
                if self._session is None:
                    self._session = self._assumed(region)
                client = self._session.client(
                    service,
                    region,
                    endpoint_url=self._endpoint(service),
                    config=HASTY if service == "kms" else CONFIG,
                )
                client.meta.events.register("before-sign.secrets-manager", _put_value)
                self._clients[service, region] = client
            return self._clients[service, region]

    def _endpoint(self, service: str) -> str | None:
        return dict(self._where.endpoints).get(service)

    def _base_session(self) -> Any:
        return boto3.Session(profile_name=self._where.profile)

    def _assumed(self, region: str) -> Any:
        """Return a session after all roles, each set of credentials renewed when it ends."""
        session = self._base_session()
        for role in self._where.roles:
            sts = session.client("sts", region, endpoint_url=self._endpoint("sts"), config=CONFIG)
            inner = botocore.session.get_session()
            renew = functools.partial(_assume, sts, role)
            inner._credentials = (  # type: ignore[attr-defined]  # noqa: SLF001  # no public way
                botocore.credentials.RefreshableCredentials.create_from_metadata(
                    renew(), refresh_using=renew, method="sts-assume-role"
                )
            )
            session = boto3.Session(botocore_session=inner)
        return session

    def ask(
        self, service: str, region: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one call, unless the account is not allowed; what botocore raises is its own."""
        client = self.client(service, region)
        self._admit()
        answer: dict[str, Any] = getattr(client, botocore.xform_name(operation))(**request)
        return answer

    def _admit(self) -> None:
        allowed = self._where.accounts
        if allowed and self._caller() not in allowed:
            raise errors.Refused(
                f"the credentials are of account {self._caller()}, which allowed_account_ids does "
                "not name: nothing was called. Use other credentials, or allow that account"
            )

    def _caller(self) -> str:
        if self._account is None:
            region = next(region for _, region in self._clients)
            subject = aws_errors.Subject("GetCallerIdentity", "the caller")
            answer = translated(subject, self.client("sts", region).get_caller_identity)
            self._account = cast("dict[str, Any]", answer)["Account"]  # It knows no conflict.
        return str(self._account)

    def _prove_account(self, ref: facts.Ref) -> None:
        """Refuse to believe that a secret is gone if the caller looks in another account."""
        arn = aws_wire.Arn.parse(ref.id) if ref.id else None
        if arn and self._caller() != arn.account:
            raise errors.Refused(
                f"{errors.short(ref.name)} is in account {arn.account}, but the credentials are "
                f"of {self._caller()}: whether it still exists is unknown. Use credentials of its "
                "account"
            )


def translated(
    subject: aws_errors.Subject, call: Callable[[], _T]
) -> _T | plan.Conflict | plan.Later:
    """Make a call; turn what it raises into our errors, and a conflict into an answer.

    Ours is raised after theirs is dealt with, so that it has no context: a chained exception
    reaches the user's log with all that it holds.

    Args:
        subject: What the call is about, for the texts.
        call: Makes it.

    Raises:
        RecoverableSecretsError: As `SecretStore` promises.
    """
    try:
        return call()
    except botocore.exceptions.ClientError as error:
        meaning = aws_errors.from_service(error.response, subject)
    except (
        botocore.exceptions.BotoCoreError,
        botocore.parsers.ResponseParserError,
        *aws_errors.ODD,
    ) as error:
        meaning = aws_errors.from_sdk(type(error), subject)
    if isinstance(meaning, plan.Conflict | plan.Later):
        return meaning
    raise meaning


def _assume(sts: Any, role: Role) -> dict[str, str]:
    options = {
        "ExternalId": role.external_id,
        "DurationSeconds": None if role.duration_seconds is None else int(role.duration_seconds),
    }
    given = {name: option for name, option in options.items() if option is not None}
    assume = functools.partial(
        sts.assume_role, RoleArn=role.arn, RoleSessionName=role.session_name, **given
    )
    answer = translated(aws_errors.Subject("AssumeRole", role.arn), assume)
    held = cast("dict[str, Any]", answer)["Credentials"]  # It knows no conflict.
    return {
        "access_key": held["AccessKeyId"],
        "secret_key": held["SecretAccessKey"],
        "token": held["SessionToken"],
        "expiry_time": held["Expiration"].isoformat(),
    }


def _put_value(request: AWSRequest, **_: object) -> None:
    """Put the value where its stand-in is, in the last moment before the call is signed."""
    value = _VALUE.get()
    if value is None:
        return
    body = json.loads(request.data or "")
    for name in _STAND_IN:
        del body[name]
    content = value.reveal()
    if isinstance(content, bytes):
        body["SecretBinary"] = base64.b64encode(content).decode()
    else:
        body["SecretString"] = content
    request.data = json.dumps(body).encode()
