"""Thousands of secrets at once: planted without calls, as the calls would leave them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from . import versions
from .aws import Aws
from .store import CURRENT, DAY, Deletion, Secret

_WINDOWS = range(7, 31)
_SPREAD_DAYS = 7


def plant(
    aws: Aws,
    count: int,
    *,
    pending: bool = True,
    prefix: str = "crowd/",
    tags: Mapping[str, str] | None = None,
    region: str | None = None,
    account: str | None = None,
) -> list[str]:
    """Plant secrets with a value each; return their ARNs, the first one made first.

    Args:
        aws: Where.
        count: How many; they are called `<prefix>00000` and so on.
        pending: Whether their deletion is scheduled: requested on the days up to now, in turn,
            with all windows from 7 to 30 days in turn.
        prefix: What their names begin with.
        tags: Tags of each of them.
        region: In which region.
        account: In which account.
    """
    now = aws.clock.timestamp()
    shelf = aws._store.shelf(account or aws.account, region or aws.region)
    listed = [{"Key": key, "Value": text} for key, text in (tags or {}).items()]
    made = []
    for number in range(count):
        at = now - 60 * DAY + number
        secret = Secret(
            shelf.account, shelf.region, {"Name": f"{prefix}{number:05}", "Tags": listed}, at
        )
        token = str(uuid.UUID(int=number + 1))
        value = {"SecretString": f"value {number}", "ClientRequestToken": token}
        versions.add(secret, value, [CURRENT], at)
        if pending:
            requested = now - number % _SPREAD_DAYS * DAY
            window = _WINDOWS[number % len(_WINDOWS)]
            secret.deletion = Deletion(requested, requested + window * DAY)
        shelf.add(secret)
        made.append(secret.arn)
    return made
