"""The call log, the inspection helpers, and both ways to reach the double."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading

import boto3
import pytest
import requests

import emulation


def test_log_records_calls(aws, make):
    """Records: service, action, region, account, parameters, outcome."""
    make("sts").get_caller_identity()
    make(region="eu-west-1").create_secret(
        Name="s", SecretString="very secret", Tags=[{"Key": "k", "Value": "v"}]
    )
    first, second = aws.calls
    assert (first.service, first.action, first.outcome) == ("sts", "GetCallerIdentity", "ok")
    assert (second.service, second.region, second.account) == (
        "secretsmanager",
        "eu-west-1",
        emulation.DEFAULT_ACCOUNT,
    )
    assert second.parameters["Tags"] == [{"Key": "k", "Value": "v"}]
    assert aws.actions() == ["CreateSecret"]
    assert aws.actions("sts") == ["GetCallerIdentity"]
    aws.calls.clear()
    assert aws.actions() == []


def test_log_hides_values(aws, anyhow):
    """SecretString and SecretBinary are replaced by a marker."""
    sm = anyhow()
    sm.create_secret(Name="s", SecretString="very secret")
    sm.put_secret_value(SecretId="s", SecretBinary=b"very secret")
    assert aws.calls[0].parameters["SecretString"] == emulation.VALUE_MARKER
    assert aws.calls[1].parameters["SecretBinary"] == emulation.VALUE_MARKER
    assert "very secret" not in repr(aws.calls)
    assert aws.secret("s").value == b"very secret"


def test_error_code_is_the_outcome(aws, sm, refused):
    """Outcome: "ok" or the error code."""
    refused(sm.describe_secret, SecretId="s")
    assert aws.calls[-1].outcome == "ResourceNotFoundException"


def test_acting_by_hand_is_neither_logged_nor_disturbed(aws):
    """What a person does in the console: a PutSecretValue with a random token."""
    aws.by_hand("CreateSecret", Name="s", SecretString="v")
    aws.allow_only(set())
    aws.inject(emulation.faults.Throttle(times=None))
    first = aws.put_by_hand("s", "w")
    second = aws.put_by_hand("s", b"x")
    assert first != second
    assert aws.secret("s").version_id == second
    assert aws.secret("s").value == b"x"
    assert aws.calls == []
    with pytest.raises(emulation.AwsError, match="ResourceNotFoundException"):
        aws.put_by_hand("never", "v")


def test_snapshots_do_not_change(aws, sm):
    """A snapshot is of one moment."""
    sm.create_secret(Name="s", SecretString="v", Tags=[{"Key": "k", "Value": "v"}])
    before = aws.secret("s")
    sm.tag_resource(SecretId="s", Tags=[{"Key": "k", "Value": "w"}])
    sm.put_secret_value(SecretId="s", SecretString="w")
    assert (before.tags, before.value) == ({"k": "v"}, "v")
    assert [version.labels for version in before.versions.values()] == [("AWSCURRENT",)]


def test_all_secrets(aws, make):
    """`secrets()` lists all, of all accounts and regions, reserved names included."""
    make().create_secret(Name="a", AddReplicaRegions=[{"Region": "eu-west-1"}])
    make().create_secret(Name="b")
    make().delete_secret(SecretId="b", ForceDeleteWithoutRecovery=True)
    found = {(one.name, one.region, one.state) for one in aws.secrets()}
    assert found == {
        ("a", "us-east-1", "live"),
        ("a", "eu-west-1", "live"),
        ("b", "us-east-1", "purging"),
    }


def test_in_process_makes_up_credentials(aws, monkeypatch):
    """Clients made in the block need no credentials; afterwards the environment is as before."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    with aws.in_process() as same:
        assert same is aws
        assert "AWS_SESSION_TOKEN" not in os.environ
        boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="s")
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert os.environ["AWS_SESSION_TOKEN"] == "real"
    assert aws.secret("s").state == "live"


def test_in_process_nests(aws, make):
    """The innermost double answers; then the outer one again."""
    inner = emulation.Aws()
    sm = make()
    with inner.in_process():
        sm.create_secret(Name="inner")
    sm.create_secret(Name="outer")
    assert [one.name for one in inner.secrets()] == ["inner"]
    assert [one.name for one in aws.secrets()] == ["outer"]


@pytest.mark.usefixtures("make")
def test_own_endpoint_wins_over_in_process(aws, session):
    """A client with an endpoint of its own goes there."""
    other = emulation.Aws()
    with other.serve() as url:
        sm = session.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
        sm.create_secret(Name="s")
    assert aws.secrets() == []
    assert other.secret("s").state == "live"


SCRIPT = """
import boto3, json
sm = boto3.client("secretsmanager")
print(json.dumps([
    boto3.client("sts").get_caller_identity()["Account"],
    sm.create_secret(Name="s", SecretString="v")["ARN"],
]))
"""


def test_another_process(aws):
    """AWS_ENDPOINT_URL_SECRETS_MANAGER and …_STS lead another process to the same endpoint."""
    with aws.serve() as url:
        environment = os.environ | {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    account, arn = json.loads(done.stdout)
    assert account == emulation.DEFAULT_ACCOUNT
    assert aws.secret("s", region="eu-central-1").arn == arn


def test_threads(aws, session):
    """Thread-safe: parallel writers lose nothing, one name is created once."""
    with aws.serve() as url:
        sm = session.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
        won = []

        def work(number):
            sm.create_secret(Name=f"own-{number}", SecretString="v")
            try:
                sm.create_secret(Name="shared", SecretString=str(number))
                won.append(number)
            except sm.exceptions.ResourceExistsException:
                pass

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(won) == 1
    assert aws.secret("shared").value == str(won[0])
    assert len(aws.secrets()) == 9


def test_two_servers_at_once(session):
    """Each server takes a free port of its own."""
    one, two = emulation.Aws(), emulation.Aws()
    with one.serve() as first, two.serve() as second:
        assert first != second
        sm = session.client("secretsmanager", region_name="us-east-1", endpoint_url=second)
        sm.create_secret(Name="s")
    assert (len(one.secrets()), len(two.secrets())) == (0, 1)


def test_nothing_is_left_behind(aws):
    """At the end of the block open connections are closed and the port is free."""
    with aws.serve() as url:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=10) as idle:
            idle.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            assert idle.recv(4096).startswith(b"HTTP/1.1 403")
            kept = idle.dup()
    with kept:
        kept.settimeout(10)
        while chunk := kept.recv(4096):
            assert chunk
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)


def test_unsigned_and_foreign_requests(aws):
    """Without a signature, or for another service, the answer is an error, not a guess."""
    with aws.serve() as url:
        answer = requests.post(url, data=b"{}", timeout=10)
        assert answer.status_code == 403
        assert answer.json()["__type"] == "MissingAuthenticationTokenException"
        signed = "AWS4-HMAC-SHA256 Credential=x/20300101/us-east-1/s3/aws4_request, Signature=0"
        answer = requests.post(url, data=b"{}", headers={"Authorization": signed}, timeout=10)
        assert answer.status_code == 404
    assert aws.calls == []


def test_raw_request_without_required_members(aws):
    """A caller that is not botocore gets an error for a missing member, too."""
    request = emulation.Request("secretsmanager", "DescribeSecret", "us-east-1", "x", {})
    answer = aws.handle(request)
    assert json.loads(answer.body)["__type"] == "InvalidParameterException"
