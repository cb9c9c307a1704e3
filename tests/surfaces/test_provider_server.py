"""The provider as the engine runs it: a process of its own that is asked over gRPC."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from emulation import DEFAULT_REGION, Aws, Clock
from surfaces.held import CANARY, GOLDEN
from surfaces.provider_server import UNKNOWN, Server, packed, running, unpacked

SAME, SOME, ENGINE_DECIDES = (
    provider_pb2.DiffResponse.DIFF_NONE,
    provider_pb2.DiffResponse.DIFF_SOME,
    provider_pb2.DiffResponse.DIFF_UNKNOWN,
)


def inputs(made: str, **fields: object) -> dict[str, object]:
    """Inputs of a resource with a value."""
    defaults = {"default_name": f"shop/dev/{made}", "default_owner": f"pulumi/shop/dev/{made}:0"}
    return {**defaults, "secret_string": CANARY, **fields}


def environment(url: str) -> dict[str, str]:
    """Variables that lead a provider to the double."""
    return {
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": DEFAULT_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="module")
def double() -> Aws:
    """One double for all tests of this file; each uses names of its own."""
    return Aws(clock=Clock())


@pytest.fixture(scope="module")
def server(double: Aws) -> Iterator[Server]:
    """One provider server for all tests of this file."""
    with double.serve() as url, running(environment(url)) as started:
        yield started


def test_the_life_of_a_secret(double: Aws) -> None:
    """With all that it prints: the first line belongs to the engine, the rest to the user."""
    with double.serve() as url, running(environment(url)) as server:
        wanted = inputs("life", tags={"a": "b"}, recovery_window_in_days=7)
        checked = server.check(wanted)
        assert list(checked.failures) == []
        news = unpacked(checked.inputs)
        assert news == {**wanted, "recovery_window_in_days": 7.0, "__provider": GOLDEN}
        id_, outputs = server.create(news)
        assert outputs["recovery_window_in_days"] == 7.0
        assert server.diff(id_, outputs, news).changes == SAME
        assert server.read(id_, outputs) == (id_, outputs)
        changed = {**news, "description": "new"}
        assert server.diff(id_, outputs, changed).changes == ENGINE_DECIDES
        outputs = server.update(id_, outputs, changed)
        assert double.secret("shop/dev/life").description == outputs["description"] == "new"
        assert server.diff(id_, outputs, changed).changes == SAME
        server.delete(id_, outputs)
        assert double.secret("shop/dev/life").state == "pending"
        assert server.read(id_, outputs) == ("", {"__provider": GOLDEN})
        again, outputs = server.create(news)
        assert (again, outputs["restored"]) == (id_, True)
    assert server.first_line == f"{int(server.first_line)}\n"
    out, err = server.printed
    told = out.splitlines()
    assert [line.partition(":")[0] for line in told] == ["recoverable-secrets"] * 2
    assert "scheduled for deletion" in told[0]
    assert "restored" in told[1]
    assert CANARY not in out + err
    assert err == ""


def test_faults_of_inputs(server: Server) -> None:
    answer = server.check(inputs("faults", secret_binary=CANARY, timeout=0, tgas={}))
    assert {failure.property for failure in answer.failures} == {""}
    assert len(answer.failures) == 3
    assert CANARY not in str(list(answer.failures))


def test_numbers_arrive_as_floats(server: Server) -> None:
    assert not server.check(inputs("n", timeout=60, recovery_window_in_days=30)).failures
    assert server.check(inputs("n", recovery_window_in_days=7.5)).failures


def test_what_is_not_known_yet(server: Server) -> None:
    news = inputs("u", secret_string=UNKNOWN, tags={"a": UNKNOWN}, name=UNKNOWN, timeout=UNKNOWN)
    answer = server.check(news)
    assert not answer.failures
    assert unpacked(answer.inputs) == {**news, "__provider": GOLDEN}, "as it came"
    id_, outputs = server.create(inputs("u"))
    diff = server.diff(id_, outputs, {**inputs("u"), "secret_string": UNKNOWN})
    assert (diff.changes, list(diff.replaces)) == (ENGINE_DECIDES, [])
    whole = dict.fromkeys(inputs("u"), UNKNOWN)
    assert server.diff(id_, outputs, whole).changes == ENGINE_DECIDES


def test_drift_and_replacement(server: Server, double: Aws) -> None:
    news = inputs("drift", description="d")
    id_, outputs = server.create(news)
    double.by_hand("UpdateSecret", SecretId=id_, Description="by hand")
    _, outputs = server.read(id_, outputs)
    assert (outputs["description"], outputs["drifted"]) == ("by hand", ["description"])
    assert server.diff(id_, outputs, news).changes == SOME
    moved = server.diff(id_, outputs, {**news, "name": "else", "region": "eu-west-1"})
    assert list(moved.replaces) == ["name", "region"]
    assert moved.deleteBeforeReplace is False
    outputs = server.update(id_, outputs, news)
    assert "drifted" not in outputs
    assert server.diff(id_, outputs, news).changes == SAME


def test_a_lookup_comes_with_inputs_alone(server: Server) -> None:
    id_, _ = server.create(inputs("seen"))
    request = provider_pb2.ReadRequest(id="shop/dev/seen", inputs=packed({"lookup": True}))
    answer = server.stub.Read(request, timeout=30)
    assert (answer.id, unpacked(answer.properties)["arn"]) == ("shop/dev/seen", id_)
    missing = provider_pb2.ReadRequest(id="shop/dev/none", inputs=packed({"lookup": True}))
    with pytest.raises(grpc.RpcError) as caught:
        server.stub.Read(missing, timeout=30)
    assert "shop/dev/none does not exist" in caught.value.details()


def test_errors_show_our_sentence_and_no_value(server: Server, double: Aws) -> None:
    news = inputs("denied", description=CANARY)
    double.deny("secretsmanager:CreateSecret")
    try:
        with pytest.raises(grpc.RpcError) as caught:
            server.create(news)
    finally:
        double.allow_everything()
    details = caught.value.details()
    assert details.count("Traceback") == 1
    last = details.strip().splitlines()[-1]
    assert last.startswith("recoverable_secrets.core.errors.AccessDenied: CreateSecret of")
    assert "secretsmanager:CreateSecret" in last
    assert CANARY not in details
    with pytest.raises(grpc.RpcError) as caught:
        server.create(inputs("bad", secret_string="", description=[CANARY]))
    assert "secret_string must have 1 to" in caught.value.details()
    assert CANARY not in caught.value.details()
    server.create(news)


def test_calls_at_once(server: Server, double: Aws) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: server.create(inputs(f"at-once-{n}")), range(16)))
    assert len({id_ for id_, _ in made}) == 16
    assert all(double.secret(f"shop/dev/at-once-{n}").value == CANARY for n in range(16))


def test_values_are_asked_for_in_plain_text(server: Server) -> None:
    """With secrets accepted, inputs would come wrapped, and values with them."""
    answer = server.stub.Configure(provider_pb2.ConfigureRequest(), timeout=30)
    assert answer.acceptSecrets is False
    server.stub.Cancel(empty_pb2.Empty(), timeout=30)
    assert not server.check(inputs("after")).failures, "cancelled does not mean ended"


def interrupted(process: subprocess.Popen[str], presses: int = 5) -> int | None:
    """Press Ctrl-C until it ends, as a user does.

    One press is not enough: about one in 100 comes while Pulumi's main thread is on its way to
    sleep, and Python notes such a signal without waking the thread.
    """
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=10)
    return None


def test_a_server_is_ended_by_its_id(double: Aws) -> None:
    with double.serve() as url, running(environment(url)) as server:
        assert not server.check(inputs("end")).failures
        assert interrupted(server.process) == 0
    assert server.printed == ("", "")
