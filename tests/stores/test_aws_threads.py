"""Many threads on one store: clients are made once, nobody's account or value is mixed up."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Iterator

import pytest

import emulation
from contract import table
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.ownership import version_id
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores.aws import AwsStore, Connection, Role

THREADS = 8
REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")


@pytest.fixture(autouse=True)
def _switching() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_a_new_store_is_shared_from_its_first_call(
    aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regions, the role and the account are found out while all wait for them."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
    role = Role(arn="arn:aws:iam::210987654321:role/r")
    store = AwsStore(Connection(roles=(role,), accounts=("210987654321",)))

    def work(number: int) -> plan.Outcome:
        region = REGIONS[number % len(REGIONS)]
        gone = f"arn:aws:secretsmanager:{region}:210987654321:secret:gone-AbCdEf"
        assert store.observe(facts.Ref("gone", gone)) == facts.Absent()
        create = table.creation(version=version_id(f"{number:032x}"))
        return store.apply(facts.Ref(f"s{number}"), create, Sealed(f"value of {number}"))

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(work, range(2 * THREADS)))
    assert all(isinstance(outcome, plan.Done) for outcome in outcomes)
    for number in range(2 * THREADS):
        secret = aws.secret(f"s{number}", region=REGIONS[0], account="210987654321")
        assert secret.value == f"value of {number}"
    assert len(aws.actions("sts")) >= 2
    assert aws.actions("sts").count("AssumeRole") == 1
    assert {record.account for record in aws.calls if record.service == "secretsmanager"} == {
        "210987654321"
    }


def test_calls_with_and_without_a_value(aws: emulation.Aws, store: AwsStore) -> None:
    """The value of one thread never gets into the call of another."""
    refs = []
    for number in range(THREADS):
        made = store.apply(facts.Ref(f"s{number}"), table.creation(source=None))
        assert isinstance(made, plan.Done)
        refs.append(facts.Ref(f"s{number}", made.id))

    def work(job: int) -> None:
        ref, turn = refs[job % THREADS], job // THREADS
        if job % 2:
            store.apply(ref, plan.SetMetadata(description=f"turn {turn}"))
            return
        write = plan.SetMetadata(source=plan.Source.LITERAL, version=version_id(f"{turn:032x}"))
        store.apply(ref, write, Sealed(f"{ref.name} turn {turn}"))

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS * 8)))
    for number in range(THREADS):
        values = {one.value for one in aws.secret(f"s{number}").versions.values()}
        turns = set() if number % 2 else {f"s{number} turn {turn}" for turn in range(8)}
        assert values == turns
