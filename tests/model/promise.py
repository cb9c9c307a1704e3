"""What the user was promised, and nothing else: what was put in, whose it is, and for how long.

The ledger knows no plan, no call and no table. It is told who did what with which right, looks at
what AWS holds, and says whether a promise is broken:

* what was put in stays, until it is forced out by its owner, purged by hand, at the end of the
  window after somebody scheduled the deletion, or once AWS may drop it as it has no label;
* each of these is read in a copy of AWS, restored there if it has to be;
* only who was allowed to has changed anything of a secret;
* a secret keeps its ARN for as long as it lives.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import emulation
from emulation import errors, inspection, service
from recoverable_secrets.core import ownership

Value = str | bytes
DAY = dt.timedelta(days=1)


class Broken(AssertionError):
    """A promise is broken."""


@dataclasses.dataclass
class Life:
    """One secret from its creation to its end.

    Attributes:
        name: Its name.
        region: Where it is.
        values: All that was put in, by the id of its version.
        loose: Versions that somebody was allowed to leave without a label: AWS may drop them.
        until: Its deletion is scheduled, and until then it can be restored.
    """

    name: str
    region: str
    values: dict[str, Value] = dataclasses.field(default_factory=dict)
    loose: set[str] = dataclasses.field(default_factory=set)
    until: dt.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Right:
    """What one step was allowed to do; nothing by default.

    Attributes:
        touch: ARNs of what it may change.
        window: With how many days it may schedule a deletion; `None` for not at all.
        reschedule: The same for what was pending before: an operation that fails after a restore.
        force: ARNs of what it may destroy.
        creates: The name under which it may make a secret.
        unlabel: It may take labels off, as a user who moves them or deprecates what is old.
        puts: Most values that it may put in.
    """

    touch: frozenset[str] = frozenset()
    window: int | None = None
    reschedule: int | None = None
    force: frozenset[str] = frozenset()
    creates: str = ""
    unlabel: bool = False
    puts: int = 0


class Ledger:
    """All promises about one AWS.

    Attributes:
        lives: What is promised, by ARN.
        secret_texts: Every value there ever was, to look for where it must not be.
    """

    def __init__(self, aws: emulation.Aws) -> None:
        self.aws = aws
        self.lives: dict[str, Life] = {}
        self.secret_texts: set[str] = set()
        self.seen = self.look()
        self.began = aws.clock.now()

    def look(self) -> dict[str, inspection.SecretSnapshot]:
        """Return all that there is, replicas left out, by ARN."""
        return {str(one.arn): one for one in all_of(self.aws)}

    def begin(self) -> None:
        """Note how things are before a step, what AWS is still at work on being done."""
        self.aws.clock.advance(seconds=3)
        self.seen, self.began = self.look(), self.aws.clock.now()

    def hold(self, right: Right) -> None:
        """Hold the promises after a step that was allowed to do this much.

        Raises:
            Broken: One of them is.
        """
        before, now = self.seen, self.look()
        for arn, life in list(self.lives.items()):
            if arn in now:
                self._of_versions(arn, life, before[arn], now[arn], right)
                self._of_deletion(arn, life, before[arn], now[arn], right)
            elif arn not in right.force and not self._over(life):
                raise Broken(f"{life.name} is gone, and nobody had the right to destroy it")
            else:
                del self.lives[arn]
        for arn in now.keys() - before.keys():
            if now[arn].name != right.creates:
                raise Broken(f"{now[arn].name} was made, and nobody had wanted that")
            if sum(map(ownership.is_ours, now[arn].versions)) > right.puts:
                raise Broken(f"{now[arn].name} was made with too many values")
            self._learn(arn, self.lives.setdefault(arn, Life(now[arn].name, now[arn].region)))
        for arn in (before.keys() & now.keys()) - right.touch:
            self._untouched(before[arn], now[arn])
        self._readable()

    def _over(self, life: Life) -> bool:
        return life.until is not None and life.until <= self.aws.clock.now()

    def _of_versions(
        self,
        arn: str,
        life: Life,
        before: inspection.SecretSnapshot,
        now: inspection.SecretSnapshot,
        right: Right,
    ) -> None:
        lost = life.values.keys() - now.versions.keys() - life.loose
        if lost:
            raise Broken(f"{life.name} has lost what was put in as {sorted(lost)}")
        if [
            v for v in life.values.keys() & now.versions if life.values[v] != now.versions[v].value
        ]:
            raise Broken(f"{life.name} holds something else in a version")
        new = now.versions.keys() - before.versions.keys()
        ours = [version for version in new if ownership.is_ours(version)]
        rotated = len(ours) < len(new)
        if len(ours) > right.puts:
            raise Broken(f"{life.name} has {len(ours)} new versions, and {right.puts} were due")
        bare = {version for version, held in now.versions.items() if not held.labels}
        current = before.version_id
        if current in bare and not (right.unlabel or rotated):
            raise Broken(f"the value that {life.name} had has no label any more")
        life.loose = bare
        self._learn(arn, life)

    def _learn(self, arn: str, life: Life) -> None:
        now = self.look()[arn]
        life.values = {version: held.value for version, held in now.versions.items()}
        life.loose = {version for version, held in now.versions.items() if not held.labels}
        texts = (value for value in life.values.values() if isinstance(value, str))
        self.secret_texts.update(text for text in texts if len(text) > 6)

    def _of_deletion(
        self,
        arn: str,
        life: Life,
        before: inspection.SecretSnapshot,
        now: inspection.SecretSnapshot,
        right: Right,
    ) -> None:
        if now.state == "live":
            life.until = None
            return
        if before.state == "pending" and before.deleted_date == now.deleted_date:
            return
        days = right.window
        if days is None and before.state == "pending":
            days = right.reschedule
        if days is None or arn not in right.touch:
            raise Broken(f"the deletion of {life.name} was scheduled, and nobody had wanted that")
        life.until = self.began + days * DAY
        if now.purge_date is None or now.purge_date < life.until:
            raise Broken(f"the window of {life.name} is shorter than {days} days")

    def _untouched(self, before: inspection.SecretSnapshot, now: inspection.SecretSnapshot) -> None:
        due = before.rotation.get("NextRotationDate")
        if due is not None and due <= self.aws.clock.timestamp():
            return  # AWS has rotated it by itself.
        if whole(before) != whole(now):
            changes = {k for k in whole(before) if whole(before)[k] != whole(now)[k]}
            raise Broken(f"{now.name} in {now.region} was changed without any right: {changes}")

    def _readable(self) -> None:
        """Restore and read all in a copy of AWS: the promise as the user would call it in."""
        there = service.SecretsManager(copy.deepcopy(self.aws._store))
        for arn, life in self.lives.items():
            if self._over(life):
                continue
            place = self.aws.account, life.region
            if life.until is not None:
                there.perform(*place, "RestoreSecret", {"SecretId": arn})
            for version, value in life.values.items():
                if version in life.loose:
                    continue
                asked = {"SecretId": arn, "VersionId": version}
                try:
                    answer = there.perform(*place, "GetSecretValue", asked)
                except errors.AwsError as error:
                    raise Broken(f"{life.name} cannot be read any more: {error.code}") from error
                if answer.get("SecretString") != value:
                    raise Broken(f"{life.name} reads as something else")

    def leaks(self, said: Iterable[object]) -> list[str]:
        """Return what is said somewhere though a value stands in it; the values not shown."""
        return [
            f"text {number}"
            for number, text in enumerate(said)
            for value in self.secret_texts
            if value in str(text)
        ]


def all_of(aws: emulation.Aws) -> Iterator[inspection.SecretSnapshot]:
    """Yield every secret that is live or pending, replicas left out."""
    for one in aws.secrets():
        if one.state in {"live", "pending"} and one.primary_region is None:
            yield one


def whole(one: inspection.SecretSnapshot) -> Mapping[str, Any]:
    """Return all of a secret that nobody else may change.

    How far copies are and what has no label, AWS changes by itself.
    """
    told = {part.name: getattr(one, part.name) for part in dataclasses.fields(one)}
    del told["described"]
    told["versions"] = {
        version: (sorted(held.labels), held.value)
        for version, held in one.versions.items()
        if held.labels
    }
    told["replicas"] = {region: copy_.kms_key_id for region, copy_ in one.replicas.items()}
    told["rotation"] = {k: v for k, v in one.rotation.items() if not k.endswith("Date")}
    return told


def end(aws: emulation.Aws, name: str, made: Iterable[str]) -> Mapping[str, Any]:
    """Return where a secret has come to, without what is random.

    Args:
        aws: Where it is.
        name: Its name.
        made: The values that are not random.
    """
    one = aws.secret(name)
    if one.state not in {"live", "pending"}:
        return {"state": "gone"}
    told = dict(whole(one))
    for part in ("arn", "version_id", "value", "deleted_date", "purge_date"):
        del told[part]
    known = set(made)
    told["versions"] = sorted(
        (tuple(sorted(held.labels)), held.value if held.value in known else "<made>")
        for held in one.versions.values()
    )
    told["tags"] = {key: _mark(key, content) for key, content in one.tags.items()}
    return told


def _mark(key: str, content: str) -> str:
    """Return a tag without what is random, and without what an interruption makes AWS forget.

    A function that dies between a restore and its mark finds a live secret the next time. Nothing
    in AWS tells that it restored it: a rollback then leaves it live, and nothing is lost.
    """
    if key == ownership.INSTANCE:
        return "<mark>"
    forgotten = {
        ownership.RESTORED: ownership.FOUND,
        ownership.ADOPTED_PENDING: ownership.ADOPTED,
    }
    return forgotten.get(content, content) if key == ownership.ORIGIN else content


def fork(aws: emulation.Aws) -> emulation.Aws:
    """Return another AWS that holds the same, at the same time, undisturbed."""
    store = copy.deepcopy(aws._store)
    twin = emulation.Aws(clock=store.clock, behaviour=store.behaviour)
    twin._store, twin._service = store, service.SecretsManager(store)
    return twin
