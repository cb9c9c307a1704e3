"""What there is in AWS Secrets Manager: its lists, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from recoverable_secrets.core import errors, facts
from recoverable_secrets.core.pending import check_prefix

from . import Page, aws_calls, aws_errors, aws_wire, limits

PERMISSIONS = {
    "ListSecrets": ("secretsmanager:ListSecrets",),
    "ListSecretVersionIds": ("secretsmanager:ListSecretVersionIds",),
}
"""What each operation needs that is called here. Only people make them: the function's role has
neither, so they stand beside `aws_errors.PERMISSIONS`."""

_Row = TypeVar("_Row")
_MOST = 100
_EXPIRED = "InvalidNextTokenException"
_ABSENT = frozenset(
    ("ListSecretVersionIds", code)
    for code in ("InvalidRequestException", "ResourceNotFoundException")
)
# The service takes an exclamation mark at the beginning for "all but these".
_NEGATION = "!"


class AwsInventory:
    """Lists of AWS Secrets Manager; see `Inventory` for what is promised."""

    def __init__(self, store: aws_calls.Clients) -> None:
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
            rows = _read("ListSecrets", region, answer.get("SecretList"), aws_wire.listed)
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
            told = _read("ListSecretVersionIds", ref.name, answer.get("Versions"), aws_wire.version)
            found.update({version.id: version for version in told})
        return tuple(found.values())

    def _answers(
        self, operation: str, region: str, name: str, request: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield the answers of a call that comes in pages, until the last one."""
        subject = aws_errors.Subject(operation, name, needs=PERMISSIONS[operation])
        asked = {**request, "MaxResults": _MOST}
        try:
            yield from aws_calls.pages(self._store, "secretsmanager", region, subject, asked)
        except errors.StoreError as failure:
            code = failure.code
            if code != _EXPIRED and (operation, code) not in _ABSENT:
                raise
        else:
            return
        if code != _EXPIRED:
            raise _missing(name, code)
        raise errors.Temporary(
            f"{operation} of {errors.short(name)}: the place where the next page begins is no "
            "longer known to AWS. What was shown is not all; run again"
        )


def _read(
    operation: str, name: str, entries: Any, one: Callable[[dict[str, Any]], _Row]
) -> tuple[_Row, ...]:
    """Return what the entries of an answer show."""
    subject = aws_errors.Subject(operation, name)
    return aws_calls.answered(subject, lambda: tuple(map(one, entries or ())))


def _missing(name: str, code: str = "ResourceNotFoundException") -> errors.StoreError:
    return errors.StoreError(
        f"the versions of {errors.short(name)} cannot be listed: there is no such secret here, or "
        f"it is being deleted for good ({code}). Check name, region and account",
        code,
    )
