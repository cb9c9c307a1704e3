"""Encryption keys: spellings of one key, and keys that cannot be used any more."""

from __future__ import annotations

import datetime as dt

import pytest

from core import cases, states
from recoverable_secrets.core import errors, facts, keys, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Key, KeyState, Mandate

KEY = cases.KEY
LONGEST = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
CHECK = plan.CheckKey(kms_key_id=KEY)
DATE = dt.datetime(2030, 1, 31, tzinfo=dt.UTC)

KEYS: dict[str, tuple[str | None, str | None, bool]] = {
    "both default": (None, None, True),
    "empty is the default": ("", None, True),
    "the default's alias": ("alias/aws/secretsmanager", None, True),
    "the default's alias as an ARN": (
        "arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager", "", True),
    "ARN and id": (KEY, "1111-2222", True),
    "id as a path": ("key/1111-2222", KEY, True),
    "alias and its ARN": ("alias/a", "arn:aws:kms:eu-west-1:111122223333:alias/a", True),
    "two aliases": ("alias/a", "alias/b", False),
    "two keys": (KEY, KEY.replace("2222", "3333"), False),
    "a key and the default": (KEY, None, False),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "equal"), KEYS.values(), ids=KEYS)
def test_spellings_of_a_key(one: str | None, other: str | None, *, equal: bool) -> None:
    assert keys.same(one, other) is equal
    assert keys.same(other, one) is equal


CHECKED: dict[str, tuple[facts.Present, tuple[plan.Action, ...]]] = {
    "a customer's key": (cases.present(cases.secret(kms_key_id=KEY)), (CHECK,)),
    "the default key": (cases.present(), ()),
    "the default key by its alias": (
        cases.present(cases.secret(kms_key_id="alias/aws/secretsmanager")), ()),
    "it is known already": (
        cases.present(cases.secret(kms_key_id=KEY), key=Key(state=KeyState.UNTOLD)), ()),
}  # fmt: skip


@pytest.mark.parametrize(("found", "then"), CHECKED.values(), ids=CHECKED)
def test_only_what_can_be_lost_is_looked_at(
    found: facts.Present, then: tuple[plan.Action, ...]
) -> None:
    assert keys.check(found, cases.AWS) == then
    assert keys.check(found, cases.BARE) == (), "a store that does not tell"


def present(state: KeyState | None, **told: object) -> facts.Present:
    date = DATE if state is KeyState.PENDING_DELETION else None
    key = Key(state=state, date=date) if state else None
    name, at = told.pop("name", cases.NAME), told.pop("kms_key_id", KEY)
    return cases.present(cases.secret(kms_key_id=at, name=name), key=key, **told)


# By the state of the key: what becomes of a secret that was restored.
RESTORED: dict[KeyState | None, tuple[str, ...]] = {
    None: ("DropPolicy", "CheckKey"),
    KeyState.USABLE: ("SetMetadata",),
    KeyState.UNTOLD: ("SetMetadata",),
    KeyState.MISSING: ("SetMetadata",),
    KeyState.DISABLED: ("fail",),
    KeyState.PENDING_DELETION: ("fail",),
}
WANTED = cases.kept(cases.spec(description="new", kms_key_id=KEY))


@pytest.mark.parametrize(("state", "then"), RESTORED.items())
def test_a_restored_secret_goes_no_further_than_its_key(
    state: KeyState | None, then: tuple[str, ...]
) -> None:
    """The policy is settled before: it must not outlive the restore, whatever the key is."""
    found = present(state, restored=True, policed=state is not None)
    assert cases.kinds(decide(found, WANTED, cases.policy(), cases.AWS)) == then


def test_every_state_is_told_above() -> None:
    assert set(RESTORED) == {None, *KeyState}


@pytest.mark.parametrize("state", KeyState)
def test_a_live_secret_is_changed_whatever_its_key_is(state: KeyState) -> None:
    """The service refuses what it cannot do; another key may be just what is declared now."""
    wanted = cases.kept(cases.spec(description="new"), memory=cases.memory())
    for found in (present(None), present(state)):
        assert cases.kinds(decide(found, wanted, cases.policy(), cases.AWS)) == ("SetMetadata",)


REMEDIES = {
    KeyState.PENDING_DELETION: ("CancelKeyDeletion", "KeyPendingDeletion"),
    KeyState.DISABLED: ("EnableKey", "KeyDisabled"),
}


@pytest.mark.parametrize("at", [KEY, LONGEST], ids=["a key", "a long key"])
@pytest.mark.parametrize("name", [cases.NAME, states.LONG], ids=["a name", "a long name"])
@pytest.mark.parametrize(("state", "told"), REMEDIES.items())
def test_a_key_that_cannot_be_used_is_named_with_its_remedy(
    state: KeyState, told: tuple[str, str], name: str, at: str
) -> None:
    failure = keys.unusable(present(state, name=name, kms_key_id=at))
    assert failure is not None
    remedy, code = told
    assert (remedy in failure.text, failure.code) == (True, code)
    assert at in failure.text
    assert "run again" in failure.text
    assert len(failure.text) <= errors.LIMIT


@pytest.mark.parametrize("state", [KeyState.USABLE, KeyState.UNTOLD, KeyState.MISSING])
def test_all_else_may_well_be_read(state: KeyState) -> None:
    assert keys.unusable(present(state)) is None
    assert keys.unusable(present(None)) is None


WARNINGS: dict[KeyState | None, str] = {
    None: "",
    KeyState.UNTOLD: "",
    KeyState.USABLE: "only as long as its key",
    KeyState.DISABLED: "EnableKey",
    KeyState.MISSING: "not found",
    KeyState.PENDING_DELETION: "on 2030-01-31",
}


@pytest.mark.parametrize("at", [KEY, LONGEST], ids=["a key", "a long key"])
@pytest.mark.parametrize("name", [cases.NAME, states.LONG], ids=["a name", "a long name"])
@pytest.mark.parametrize(("state", "said"), WARNINGS.items())
def test_a_teardown_warns_of_the_key(state: KeyState | None, said: str, name: str, at: str) -> None:
    told = keys.warnings(present(state, name=name, kms_key_id=at))
    assert len(told) == bool(said)
    for warning in told:
        assert said in warning
        assert at in warning
        assert len(warning) <= errors.LIMIT


def test_of_a_key_that_is_longer_than_any_the_end_is_told() -> None:
    """A call takes the end of an ARN too."""
    failure = keys.unusable(present(KeyState.DISABLED, kms_key_id=f"{KEY[:-9]}{'1' * 90}"))
    assert failure is not None
    assert "its key …1111" in failure.text
    assert len(failure.text) <= errors.LIMIT


def test_a_date_that_is_not_told_is_not_said() -> None:
    """The service need not tell when a key is deleted."""
    state = Key(state=KeyState.PENDING_DELETION)
    (warning,) = keys.warnings(cases.present(cases.secret(kms_key_id=KEY), key=state))
    assert "is to be deleted: after that" in warning


@pytest.mark.parametrize("state", KeyState)
def test_a_teardown_looks_at_the_key_once_and_goes_on_whatever_it_finds(state: KeyState) -> None:
    gone = cases.gone(memory=cases.memory())
    first = decide(present(None), gone, cases.policy(), cases.AWS)
    assert first == plan.Plan((CHECK,))
    then = decide(present(state), gone, cases.policy(), cases.AWS)
    assert cases.kinds(then) == ("ScheduleDeletion",)
    assert isinstance(then, plan.Plan)
    assert then.notes == keys.warnings(present(state))


def test_what_is_destroyed_needs_no_key() -> None:
    gone, force = cases.gone(memory=cases.memory()), cases.policy(deletion="force")
    assert cases.kinds(decide(present(None), gone, force, cases.AWS)) == ("Purge",)


def test_what_is_left_alone_is_not_asked_about() -> None:
    stays = cases.policy(deletion="retain")
    assert cases.kinds(decide(present(None), cases.gone(), stays, cases.AWS)) == ()
    others = cases.present(cases.secret(tags=cases.marks(cases.OTHERS), kms_key_id=KEY))
    assert cases.kinds(decide(others, cases.gone(), cases.policy(), cases.AWS)) == ()


@pytest.mark.parametrize("mandate", [Mandate.OWN, Mandate.DEPUTY])
def test_a_deputy_looks_at_the_key_as_a_user_does(mandate: Mandate) -> None:
    mark = None if mandate is Mandate.OWN else cases.LIVE_MARK
    gone = cases.gone(mandate=mandate, instance=mark)
    assert decide(present(None), gone, cases.policy(), cases.AWS) == plan.Plan((CHECK,))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("n" * 36, "n" * 36), ("m" + "n" * 36, "…" + "n" * 35)],
    ids=["all of it", "its end"],
)
def test_a_key_that_cannot_be_used_is_told_to_the_letter(name: str, shown: str) -> None:
    secret = cases.secret(name=name, kms_key_id=KEY)

    def told(state: KeyState, date: dt.datetime | None = None) -> tuple[str, ...]:
        found = cases.present(secret, key=Key(state=state, date=date))
        failure = keys.unusable(found)
        return (*((failure.text,) if failure else ()), *keys.warnings(found))

    assert told(KeyState.PENDING_DELETION, DATE) == (
        (
            f"{shown} cannot be read: its key {KEY} is pending deletion. Call CancelKeyDeletion "
            "and EnableKey for it, then run again"
        ),
        (
            f"key {KEY} of {shown} is to be deleted on 2030-01-31: after that its value is lost, "
            "restored or not. CancelKeyDeletion keeps it"
        ),
    )
    assert told(KeyState.DISABLED) == (
        f"{shown} cannot be read: its key {KEY} is disabled. Call EnableKey for it, then run again",
        f"key {KEY} of {shown} is disabled: its value cannot be read until EnableKey",
    )
    assert told(KeyState.MISSING) == (f"key {KEY} of {shown} was not found: its value may be lost",)
    assert told(KeyState.USABLE) == (
        (
            f"{shown} can be read again only as long as its key {KEY} exists: if that goes with "
            "this stack, CancelKeyDeletion keeps it"
        ),
    )
