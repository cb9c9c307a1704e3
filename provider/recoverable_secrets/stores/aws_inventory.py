"""What there is in AWS Secrets Manager: its lists, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from recoverable_secrets.core import errors, facts
from recoverable_secrets.core.pending import check_prefix

from . import Page, aws, aws_errors, aws_wire, limits

PERMISSIONS = {
    "ListSecrets": ("secretsmanager:ListSecrets",),
    "ListSecretVersionIds": ("secretsmanager:ListSecretVersionIds",),
}
"""What each operation needs that is called here. Only people make them: the function's role has
neither, so they stand beside `aws_errors.PERMISSIONS`."""

_METHODS = {
    "ListSecrets": "list_secrets",
    "ListSecretVersionIds": "list_secret_version_ids",
}
_MOST = 100
_EXPIRED = "InvalidNextTokenException"
# The service takes an exclamation mark at the beginning for "all but these".
_NEGATION = "!"


class Clients(Protocol):
    """What is needed of the AWS store: its clients, and whether its account may be used."""

    @property
    def region(self) -> str:
        """The region to list."""
        ...

    def client(self, service: str, region: str) -> Any:
        """Return the boto3 client of a service."""
        ...

    def admit(self) -> None:
        """Refuse to do anything in an account that is not allowed."""
        ...


class AwsInventory:
    """Lists of AWS Secrets Manager; see `Inventory` for what is promised."""

    def __init__(self, store: Clients) -> None:
        """Stand on a store's clients; nothing is called before the first page is asked for."""
        self._store = store

    def pages(self, *, prefix: str = "", pending: bool = False) -> Iterator[Page]:
        """Return all secrets of the region by ListSecrets; see `Inventory`."""
        check_prefix(prefix, limits.AWS)
        request: dict[str, Any] = {"IncludePlannedDeletion": True} if pending else {}
        if prefix and not prefix.startswith(_NEGATION):
            request["Filters"] = [{"Key": "name", "Values": [prefix]}]
        return self._listed(prefix, request)

    def _listed(self, prefix: str, request: dict[str, Any]) -> Iterator[Page]:
        region = self._store.region
        for answer in self._answers("ListSecrets", region, region, request):
            rows = (aws_wire.listed(entry) for entry in answer.get("SecretList") or ())
            found = tuple(row for row in rows if row.secret.name.startswith(prefix))
            yield Page(found, more=bool(answer.get("NextToken")))

    def versions(self, ref: facts.Ref) -> tuple[facts.Version, ...]:
        """Return all versions by ListSecretVersionIds; see `Inventory`."""
        arn = aws_wire.Arn.parse(ref.id) if ref.id else None
        region = arn.region if arn else self._store.region
        request = {"SecretId": ref.id or ref.name, "IncludeDeprecated": True}
        found: dict[str, facts.Version] = {}
        for answer in self._answers("ListSecretVersionIds", region, ref.name, request):
            # An emulator may put the name for the ARN; a secret found by a part has another name.
            if not {ref.id, ref.name} & {answer.get("ARN"), answer.get("Name")} - {None}:
                raise _missing(ref.name)  # Found by part of its ARN.
            for entry in answer.get("Versions") or ():
                found[entry["VersionId"]] = aws_wire.version(entry)
        return tuple(found.values())

    def _answers(
        self, operation: str, region: str, name: str, request: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield the answers of a call that comes in pages, until the last one."""
        token: str | None = None
        while True:
            place = {"NextToken": token} if token else {}
            answer = self._call(operation, region, name, {**request, **place, "MaxResults": _MOST})
            yield answer
            before, token = token, answer.get("NextToken")
            if not token:
                return
            if token == before:
                raise errors.StoreError(
                    f"{operation} of {errors.short(name)} answers the same page again and again. "
                    "What was shown is not all; look at the endpoint, then run again",
                    "SamePageAgain",
                )

    def _call(
        self, operation: str, region: str, name: str, request: dict[str, Any]
    ) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            client = self._store.client("secretsmanager", region)
            self._store.admit()
            answer: dict[str, Any] = getattr(client, _METHODS[operation])(**request)
            return answer

        subject = aws_errors.Subject(operation, name, needs=PERMISSIONS[operation])
        try:
            answer = aws.translated(subject, call)
        except errors.StoreError as failure:
            if failure.code != _EXPIRED:
                raise
        else:
            if isinstance(answer, dict):
                return answer
            if operation == "ListSecretVersionIds":
                raise _missing(name, answer.code)
            raise errors.StoreError(
                f"{operation} of {errors.short(name)} was refused with {answer.code}: "
                f"{errors.clip(answer.text, 120)}",
                answer.code,
            )
        raise errors.Temporary(
            f"{operation} of {errors.short(name)}: the place where the next page begins is no "
            "longer known to AWS. What was shown is not all; run again"
        )


def _missing(name: str, code: str = "ResourceNotFoundException") -> errors.StoreError:
    return errors.StoreError(
        f"the versions of {errors.short(name)} cannot be listed: there is no such secret here, or "
        f"it is being deleted for good ({code}). Check name, region and account",
        code,
    )
