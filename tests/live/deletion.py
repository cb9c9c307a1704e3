"""Windows, restoring, and what becomes of a name."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from .outcome import Outcome
from .rows import Rows
from .scene import Scene
from .states import policy

rows = Rows("Deletion")

GONE_SECONDS = 120.0
FREE_SECONDS = 300.0


def _days(at: Scene, date: dt.datetime) -> int:
    return round((date - at.side.now()) / dt.timedelta(days=1))


def _window(at: Scene, *, call: dict[str, Any]) -> Outcome:
    name = at.live()
    return at.ask("DeleteSecret", SecretId=name, **call).also(state=at.state(name))


for _title, _call in {
    "window 0": {"RecoveryWindowInDays": 0},
    "window 6": {"RecoveryWindowInDays": 6},
    "window 31": {"RecoveryWindowInDays": 31},
    "force and window": {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
    "force=false and window": {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": False},
    "neither force nor window": {},
}.items():
    rows.put(functools.partial(_window, call=_call), f"DeleteSecret, {_title}", "D")


def _date(at: Scene, *, call: dict[str, Any], days: int) -> Outcome:
    answer = at.do("DeleteSecret", SecretId=at.live(), **call)
    return at.words.answer(answer).also(as_asked=_days(at, answer["DeletionDate"]) == days)


for _days_asked in (7, 30):
    _play = functools.partial(_date, call={"RecoveryWindowInDays": _days_asked}, days=_days_asked)
    rows.put(_play, f"DeletionDate is now + {_days_asked} days", "D")
rows.put(functools.partial(_date, call={}, days=30), "DeletionDate without a window: 30 days", "D")


@rows.add("DeletedDate: of the request, or of the end", "?", knob="deleted_date")
def deleted_date(at: Scene) -> Outcome:
    """The documentation contradicts itself."""
    name = at.pending(days=30)
    days = _days(at, at.described(name)["DeletedDate"])
    told = {0: "the time of the request", 30: "the end of the window"}
    return Outcome().also(means=told.get(days, f"{days} days from now"))


@rows.add("RestoreSecret keeps everything", "S")
def restore_keeps(at: Scene) -> Outcome:
    """Value, version, ARN, tags, description and policy are as before."""
    name = at.live(Description="d", Tags=[{"Key": "k", "Value": "v"}])
    at.do("PutResourcePolicy", SecretId=name, ResourcePolicy=policy(at))
    before = at.described(name)
    at.do("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
    answer = at.ask("RestoreSecret", SecretId=name)
    after = at.described(name)
    same = ("ARN", "Name", "Description", "Tags", "VersionIdsToStages")
    return answer.also(
        kept=[part for part in same if after.get(part) == before.get(part)],
        value=at.value(name),
        policy="ResourcePolicy" in at.do("GetResourcePolicy", SecretId=name),
        pending="DeletedDate" in after,
    )


@rows.add("ListSecrets shows pending only when asked", "D")
def list_pending(at: Scene) -> Outcome:
    """IncludePlannedDeletion."""
    live, pending = at.live(), at.pending()
    by_name = [{"Key": "name", "Values": [live.rpartition("-")[0]]}]

    def listed(**more: bool) -> set[str]:
        found = at.do("ListSecrets", Filters=by_name, **more)["SecretList"]
        return {entry["Name"] for entry in found}

    at.until(lambda: listed(IncludePlannedDeletion=True) == {live, pending}, 30)
    return Outcome().also(
        usually=at.words.value(sorted(listed())),
        asked=at.words.value(sorted(listed(IncludePlannedDeletion=True))),
    )


@rows.add("DescribeSecret finds nothing in the end", "S", slow="waits up to 2 minutes")
def describe_after_purge(at: Scene) -> Outcome:
    """DeletedDate for some seconds, then RNF."""
    name = at.purging()
    waited = at.until(lambda: at.state(name) == "absent", GONE_SECONDS)
    return at.ask("DescribeSecret", SecretId=name).also(note=f"after {waited} s")


@rows.add("A purged name becomes free, with another ARN", "S", slow="waits up to 5 minutes")
def name_becomes_free(at: Scene) -> Outcome:
    """Reserved for seconds up to minutes; the new ARN has another suffix."""
    name = at.live()
    old = at.described(name)["ARN"]
    at.do("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
    again = [at.ask("CreateSecret", Name=name, SecretString="v")]

    def free() -> bool:
        if again[-1].code != "ok":
            again.append(at.ask("CreateSecret", Name=name, SecretString="v"))
        return again[-1].code == "ok"

    waited = at.until(free, FREE_SECONDS)
    new = at.described(name)["ARN"] if waited is not None else old
    return again[-1].also(
        note=f"reserved for about {waited} s",
        another_arn=new != old,
        same_stem=new[:-7] == old[:-7],
        suffix=len(new.rpartition("-")[2]),
    )


rows.unplayable("Purged at the end of the window", "D", "takes 7 days and more")
