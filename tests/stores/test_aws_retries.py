"""What goes wrong on the way is tried again, and ends right: once, and with the right value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import emulation
from contract import table, worlds
from emulation import faults
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import limits
from recoverable_secrets.stores.aws import AwsStore

NEW = "the new value"
WRITE = plan.SetMetadata(description="new", source=Source.LITERAL, version=table.NEXT)
ACTIONS: list[Any] = [
    pytest.param("CreateSecret", table.creation(), id="create"),
    pytest.param("UpdateSecret", WRITE, id="write"),
    pytest.param("UpdateSecret", plan.SetMetadata(description="new"), id="describe"),
    pytest.param("PutSecretValue", plan.Compare(source=Source.LITERAL, version=table.FIRST),
                 id="compare"),
    pytest.param("UpdateSecretVersionStage",
                 plan.MoveStage(current=table.NEXT, to=table.FIRST), id="move"),
    pytest.param("TagResource", plan.SetTags(tags=plan.frozen({"new": "tag"})), id="tag"),
    pytest.param("UntagResource", plan.DropTags(keys=("team",)), id="untag"),
    pytest.param("DeleteResourcePolicy", plan.DropPolicy(), id="drop policy"),
    pytest.param("RestoreSecret", plan.Restore(), id="restore"),
    pytest.param("DeleteSecret", plan.ScheduleDeletion(days=7), id="schedule"),
    pytest.param("DeleteSecret", plan.Purge(), id="purge"),
]  # fmt: skip
FAULTS = [
    pytest.param(faults.Throttle, id="throttled"),
    pytest.param(faults.InternalError, id="500"),
    pytest.param(faults.ConnectionReset, id="connection reset"),
]


def set_up(store: AwsStore, ref: facts.Ref, action: plan.Action) -> facts.Ref:
    """Bring the secret into the state that the action needs."""
    if isinstance(action, plan.MoveStage):
        store.apply(ref, WRITE, Sealed(NEW))
    if isinstance(action, plan.Restore):
        store.apply(ref, plan.ScheduleDeletion(days=7))
    return facts.Ref("new") if isinstance(action, plan.Create) else ref


def payload(action: plan.Action) -> Sealed | None:
    """Return what goes with the action: the value that is there already, to compare with."""
    value = Sealed("old" if isinstance(action, plan.Compare) else NEW)
    return value if plan.valued(action) else None


def end(aws: emulation.Aws, ref: facts.Ref) -> tuple[Any, ...]:
    """Return what a secret came to, without what is random."""
    secret = aws.secret(ref.name)
    versions = {name: (one.labels, one.value) for name, one in secret.versions.items()}
    return (secret.state, versions, secret.tags, secret.description, secret.policy)


def undisturbed(store: AwsStore, action: plan.Action) -> tuple[Any, ...]:
    """Return the end of the same action without a fault."""
    double = emulation.Aws(clock=emulation.Clock(worlds.START))
    with double.in_process():
        made = store.apply(facts.Ref(table.NAME), table.creation(), Sealed("old"))
        assert isinstance(made, plan.Done)
        double.by_hand("PutResourcePolicy", SecretId=table.NAME, ResourcePolicy='{"Statement": []}')
        ref = set_up(store, facts.Ref(table.NAME, made.id), action)
        assert isinstance(store.apply(ref, action, payload(action)), plan.Done)
        return end(double, ref)


@pytest.mark.parametrize("times", [1, limits.CALL_ATTEMPTS - 1], ids=["once", "all but once"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("operation", "action"), ACTIONS)
def test_a_call_that_fails_is_tried_again(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    operation: str,
    action: plan.Action,
    fault: type[faults.Fault],
    times: int,
) -> None:
    ref = set_up(store, ref, action)
    aws.calls.clear()
    aws.inject(fault(operation, times=times))
    assert isinstance(store.apply(ref, action, payload(action)), plan.Done)
    assert aws.actions() == [operation] * (times + 1)
    assert end(aws, ref) == undisturbed(store, action)


@pytest.mark.parametrize("name", ["s", "n" * 512], ids=["short name", "512 characters"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_always_fails(
    aws: emulation.Aws, store: AwsStore, fault: type[faults.Fault], name: str
) -> None:
    """Bounded, and told as what may go better later; nothing was changed."""
    aws.inject(fault(times=None))
    with pytest.raises(errors.Temporary) as caught:
        store.apply(facts.Ref(name), table.creation(), Sealed(NEW))
    kind = errors.Throttled if fault is faults.Throttle else errors.Temporary
    assert type(caught.value) is kind
    assert len(aws.calls) == limits.CALL_ATTEMPTS
    assert str(caught.value).startswith(f"CreateSecret of {errors.short(name)} ")
    assert "again" in str(caught.value)
    assert len(str(caught.value)) <= errors.LIMIT
    aws.heal()
    assert store.observe(facts.Ref(name)) == facts.Absent()


LOST = {
    "CreateSecret": (plan.Done,),
    # Documented as an error although the value is the same; the engine looks, then decides.
    "UpdateSecret": (plan.Conflict, plan.Done),
    # The label left that version by our own call; the engine looks, and finds it moved.
    "UpdateSecretVersionStage": (plan.Conflict, plan.Done),
    "RestoreSecret": (plan.Conflict, plan.Done),
    "DeleteSecret": (plan.Conflict, plan.Done),
}


@pytest.mark.parametrize("other_side", [False, True], ids=["restore is ok on live", "is refused"])
@pytest.mark.parametrize(("operation", "action"), ACTIONS)
def test_a_lost_answer(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    operation: str,
    action: plan.Action,
    other_side: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """The call took effect and nobody was told: the SDK's own second try must do no harm."""
    aws.behaviour.restore_on_live = "refused" if other_side else "ok"
    ref = set_up(store, ref, action)
    aws.calls.clear()
    aws.inject(faults.LostResponse(operation))
    outcome = store.apply(ref, action, payload(action))
    assert isinstance(outcome, LOST.get(operation, (plan.Done,)))
    assert aws.actions() == [operation] * 2
    assert aws.calls[0].outcome == "response lost"
    assert end(aws, ref) == undisturbed(store, action)


LOST_OUTCOMES = [
    pytest.param(WRITE, plan.Conflict("ResourceExistsException", version_known=True),
                 id="a write: its version id is known"),
    pytest.param(plan.MoveStage(current=table.NEXT, to=table.FIRST),
                 plan.Conflict("InvalidParameterException"),
                 id="a move: the label is not there any more"),
    pytest.param(plan.ScheduleDeletion(days=7), plan.Conflict("InvalidRequestException"),
                 id="a deletion: it is scheduled already"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "outcome"), LOST_OUTCOMES)
def test_a_lost_answer_that_looks_like_a_conflict(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    action: plan.Action,
    outcome: plan.Conflict,
) -> None:
    ref = set_up(store, ref, action)
    aws.inject(faults.LostResponse())
    met = store.apply(ref, action, payload(action))
    assert isinstance(met, plan.Conflict)
    assert (met.code, met.version_known) == (outcome.code, outcome.version_known)


def test_a_look_is_tried_again(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    aws.inject(faults.LostResponse("DescribeSecret"))
    aws.inject(faults.Throttle("DescribeSecret", nth=2))
    aws.inject(faults.InternalError("DescribeSecret", nth=3))
    assert isinstance(store.observe(ref), facts.Present)
    assert len(aws.actions()) == 4


@pytest.mark.parametrize("code", ["InvalidParameterException", "EncryptionFailure"])
def test_a_refusal_is_not_tried_again(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, code: str
) -> None:
    aws.inject(faults.Error(code=code, times=None))
    with pytest.raises(errors.StoreError):
        store.apply(ref, plan.DropPolicy())
    assert len(aws.calls) == 1


def test_the_wait_between_attempts(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the attempts may take, it is what `call_seconds` promises the engine."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    aws.inject(faults.Throttle(times=None))
    with pytest.raises(errors.Temporary):
        store.observe(ref)
    answers = limits.CALL_ATTEMPTS * (limits.CONNECT_SECONDS + limits.READ_SECONDS)
    longest = [2**number for number in range(limits.CALL_ATTEMPTS - 1)]
    assert len(slept) == len(longest)
    assert all(0 <= pause <= most for pause, most in zip(slept, longest, strict=True))
    assert sum(longest) + answers <= limits.AWS.call_seconds


def test_the_sdk_is_given_these_limits(aws: emulation.Aws) -> None:
    config = AwsStore(worlds.connection()).client("secretsmanager", worlds.REGION).meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": limits.CALL_ATTEMPTS}
    assert "recoverable-secrets" in config.user_agent_extra


@pytest.mark.parametrize("service", ["secretsmanager", "sts"])
def test_endpoints(aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """A service with a URL of its own is called there, the other one is not."""
    elsewhere = emulation.Aws()
    with elsewhere.serve() as url:
        store = AwsStore(aws_store.Connection(
            region=worlds.REGION, endpoints=((service, url),), accounts=(aws.account,)
        ))  # fmt: skip
        store.observe(facts.Ref("s"))
    there = {record.service for record in elsewhere.calls}
    here = {record.service for record in aws.calls}
    assert there == {service}
    assert here == {"secretsmanager", "sts"} - {service}


def test_endpoints_of_the_environment(aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = emulation.Aws()
    with elsewhere.serve() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        AwsStore(worlds.connection()).observe(facts.Ref("s"))
    assert elsewhere.actions() == ["DescribeSecret"]
    assert aws.calls == []


def test_a_role_is_assumed_at_the_endpoint(aws: emulation.Aws) -> None:
    elsewhere = emulation.Aws(clock=emulation.Clock())
    role = aws_store.Role(arn="arn:aws:iam::210987654321:role/r")
    with elsewhere.serve() as url:
        AwsStore(aws_store.Connection(
            region=worlds.REGION, endpoints=(("sts", url),), roles=(role,)
        )).observe(facts.Ref("s"))  # fmt: skip
    assert elsewhere.actions("sts") == ["AssumeRole"]
    assert aws.actions() == ["DescribeSecret"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda url: url, id="nobody there any more"),
        pytest.param(lambda _: "http://127.0.0.1:1", id="never anybody there"),
    ],
)
def test_nobody_answers(
    aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[str], str]
) -> None:
    with aws.serve() as url:
        pass
    store = AwsStore(worlds.connection(spoil(url)))
    with pytest.raises(errors.Temporary) as caught:
        store.observe(facts.Ref("s"))
    assert str(caught.value) == (
        "DescribeSecret of s got no answer (EndpointConnectionError): check network and endpoint, "
        "then run again"
    )
