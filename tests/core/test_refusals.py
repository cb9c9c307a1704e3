"""What a refusal says, word for word, and how much it keeps of what is long."""

from __future__ import annotations

from typing import Any

import pytest

from core import cases, states
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate

LONG = states.LONG
"""A name of the greatest length; that it is cut shows at its end."""
OWNER = "o" * 251 + "/end!"
MANAGER = "resource Db of stack shop"
PARTNER = "arn:aws:secretsmanager:us-west-2:444455556666:secret:a-AbCdEf"


def end(text: str, limit: int) -> str:
    """Return the last characters of a text, after a sign that there were more."""
    assert len(text) > limit
    return "…" + text[1 - limit :]


def head(text: str, limit: int) -> str:
    """Return the first characters of a text, before a sign that there were more."""
    assert len(text) > limit
    return text[: limit - 1] + "…"


def refused(
    seen: facts.Observed, wanted: facts.Wanted, store: Any = cases.AWS, **policy: Any
) -> str:
    decision = decide(seen, wanted, cases.policy(**policy), store)
    assert isinstance(decision, plan.Refusal), decision
    assert len(decision.text) <= errors.LIMIT
    return decision.text


UNOWNED = (
    "{} {} and has no owner: left alone. Use another name, set adopt to unowned to take it over"
)
FOREIGN = "{} belongs to {} and {}: left alone. Use another name, set adopt to any to take it over"
MANAGED = (
    "{} is {}, which would destroy it for good when removed: deploy that with DeletionPolicy: "
    "Retain and the tag recoverable-secrets:handover first"
)
NOT_OURS: dict[str, tuple[str, str | None, str, str | None, str, tuple[str, ...]]] = {
    "nobody's": (cases.NAME, None, "no", None, UNOWNED, (cases.NAME,)),
    "nobody's, of a long name": (LONG, None, "no", None, UNOWNED, (end(LONG, 64),)),
    "another's": (cases.NAME, cases.OTHERS, "no", None, FOREIGN, (cases.NAME, cases.OTHERS)),
    "another's, and only nobody's may be taken": (
        cases.NAME, cases.OTHERS, "unowned", None, FOREIGN, (cases.NAME, cases.OTHERS)),
    "another's, of a long name": (
        LONG, OWNER, "no", None, FOREIGN, (end(LONG, 48), end(OWNER, 60))),
    "managed by others": (cases.NAME, None, "any", MANAGER, MANAGED, (cases.NAME, MANAGER)),
    "managed by others, of a long name": (
        LONG, OWNER, "any", MANAGER * 9, MANAGED, (end(LONG, 40), head(MANAGER * 9, 56))),
}  # fmt: skip


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize(
    ("name", "owner", "adopt", "manager", "text", "told"), NOT_OURS.values(), ids=NOT_OURS
)
def test_what_is_said_of_a_secret_that_is_not_ours(
    name: str,
    owner: str | None,
    adopt: str,
    manager: str | None,
    text: str,
    told: tuple[str, ...],
    *,
    pending: bool,
) -> None:
    """While a deletion is pending, nobody can change a tag, so that is not advised."""
    secret = cases.secret(name=name, tags=cases.marks(owner), manager=manager)
    state = "is scheduled for deletion" if pending else "exists"
    seen = facts.PendingDeletion(secret=secret) if pending else cases.present(secret)
    handed = "" if pending or manager else ", or run recoverable-secrets owner set"
    assert refused(seen, cases.kept(), adopt=adopt) == text.format(*told, state) + handed


REPLICA = (
    "{} is a replica here: its primary is in us-west-2. Set region to that one, or promote the "
    "replica first"
)
SERVICE = "{} is managed by {}: left alone. Change it through that service, or use another name"
PARTNERS = "{} is tied across accounts to {}: left alone. Disassociate that replica first"
TIES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "a replica": ({"primary_region": "us-west-2"}, REPLICA, ()),
    "a service's": ({"service": "rds"}, SERVICE, ("rds",)),
    "a service's, of a long name": ({"service": "s" * 60 + "/end!"}, SERVICE,
                                    (end("s" * 60 + "/end!", 40),)),
    "a partner's": ({"partners": (PARTNER, "arn:x")}, PARTNERS, (PARTNER,)),
    "a partner's, of a long name": ({"partners": (states.PARTNER,)}, PARTNERS,
                                    (head(states.PARTNER, 90),)),
}  # fmt: skip


@pytest.mark.parametrize("name", [cases.NAME, LONG], ids=["a name", "a long name"])
@pytest.mark.parametrize(("tie", "text", "told"), TIES.values(), ids=TIES)
def test_what_is_said_of_a_secret_that_is_tied(
    name: str, tie: dict[str, Any], text: str, told: tuple[str, ...]
) -> None:
    """Whether it is to be kept or to go."""
    seen = cases.present(cases.secret(name=name, **tie))
    expected = text.format(name if name == cases.NAME else end(LONG, 64), *told)
    assert refused(seen, cases.kept()) == expected
    assert refused(seen, cases.gone()) == expected


STUCK = (
    "the key of {} cannot be changed: a store of fixed keys fixes it at creation. Declare the key "
    "that it has, or another name"
)
LATE = (
    "the stack of {} is not being created or updated: nothing was done. Deploy the stack; only "
    "CloudFormation may send events"
)
VANISHED = "{} is remembered but cannot be brought back in place: run a refresh, then deploy again"
CHANGED = "{} belongs to {} now, not to {}: it changed hands since it was shown. Look again"


@pytest.mark.parametrize(
    ("name", "shown"), [(cases.NAME, cases.NAME), (LONG, end(LONG, 64))], ids=["a name", "a long"]
)
def test_what_is_said_of_what_cannot_be_done(name: str, shown: str) -> None:
    other = cases.kept(cases.spec(kms_key_id="alias/b"), name=name)
    found = cases.present(cases.secret(name=name, kms_key_id="alias/a"))
    assert refused(found, other, cases.FIXED_KEY) == STUCK.format(shown)
    late = cases.kept(name=name, mandate=Mandate.LATE)
    assert refused(facts.Absent(), late) == LATE.format(shown)
    remembered = cases.kept(name=name, memory=cases.memory())
    assert refused(facts.Absent(), remembered) == VANISHED.format(shown)


HANDS: dict[str, tuple[str | None, str, str, str]] = {
    "to another": (cases.OTHERS, cases.OURS, cases.OTHERS, cases.OURS),
    "to nobody": (None, cases.OURS, "nobody", cases.OURS),
    "from nobody": (cases.OTHERS, "", cases.OTHERS, "nobody"),
    "between long names": (OWNER, "x" + OWNER, end(OWNER, 60), end("x" + OWNER, 40)),
}


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize(("owner", "before", "now", "not_to"), HANDS.values(), ids=HANDS)
def test_what_is_said_of_what_changed_hands(
    owner: str | None, before: str, now: str, not_to: str, *, pending: bool
) -> None:
    for name, shown in ((cases.NAME, cases.NAME), (LONG, end(LONG, 64))):
        secret = cases.secret(name=name, tags=cases.marks(owner))
        seen = facts.PendingDeletion(secret=secret) if pending else cases.present(secret)
        gone = cases.gone(name=name, memory=cases.memory(owner=before), by_hand=True)
        assert refused(seen, gone) == CHANGED.format(shown, now, not_to)


@pytest.mark.parametrize("owner", [None, cases.OTHERS, cases.OURS])
def test_nothing_is_refused_that_is_as_it_was_shown(owner: str | None) -> None:
    """A secret that nobody owned is nobody's still."""
    seen = cases.present(cases.secret(tags=cases.marks(owner)))
    shown = cases.memory(owner=owner or "")
    gone = cases.gone(owner=owner or "", memory=shown, by_hand=True)
    assert cases.kinds(decide(seen, gone, cases.policy(), cases.AWS)) == ("ScheduleDeletion",)


def test_the_tag_that_hands_over_is_what_counts_and_not_what_it_says() -> None:
    tags = {**cases.marks(None), ownership.HANDOVER: ""}
    seen = cases.present(cases.secret(tags=tags, manager=MANAGER))
    decision = decide(seen, cases.kept(), cases.policy(adopt="any"), cases.AWS)
    assert cases.kinds(decision)[0] == "SetTags"
