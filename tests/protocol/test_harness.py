"""The driver itself: it sees each fault that it is there to see, and plays CloudFormation right."""

from __future__ import annotations

import json
import ssl
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import crhelper
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from protocol import judge, schema, stacks
from protocol.context import Context
from protocol.receiver import SIGNATURE, Put
from protocol.stack import Stack, wire
from protocol.world import ACCOUNT, REGION, Event, World

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
DATA = {"Arn": ARN, "Id": ARN, "Name": "db", "VersionId": "", "Restored": "false"}


def put(url: str, body: Mapping[str, Any] | bytes) -> None:
    """Send an answer as simply as can be."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    # The real one sends no content type.
    request = urllib.request.Request(url, content, {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request, context=ssl.create_default_context(), timeout=5):
        pass


def good(event: Event, **changes: Any) -> dict[str, Any]:
    """Return the answer of a function that does nothing, with some changes."""
    answer = {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": event.get("PhysicalResourceId") or ARN,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": False,
        "Data": DATA,
    }
    return {k: v for k, v in {**answer, **changes}.items() if v is not None}


def answering(**changes: Any) -> Callable[[Event, Context], None]:
    """Return a toy function that answers so."""
    return lambda event, _context: put(event["ResponseURL"], good(event, **changes))


def test_a_good_answer_is_accepted(outside: World) -> None:
    outside.sandbox = answering()
    delivered = Stack(outside).create({"Description": "x"})
    assert delivered.answer["PhysicalResourceId"] == ARN
    assert delivered.succeeded
    assert delivered.raised is None


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("an empty id makes CloudFormation fail", {"PhysicalResourceId": ""}, "shorter than 1"),
    ("an id has 1 KB at most", {"PhysicalResourceId": "x" * 1025}, "longer than 1024"),
    ("the stack must be the event's", {"StackId": "other"}, "StackId is not the event's"),
    ("the request too", {"RequestId": "other"}, "RequestId is not the event's"),
    ("the logical id too", {"LogicalResourceId": "x"}, "LogicalResourceId is not the event's"),
    ("without StackId it is lost", {"StackId": None}, ".StackId is missing"),
    ("a status is one of two", {"Status": "OK"}, ".Status is none of"),
    ("an unknown key is a slip", {"Extra": 1}, ".Extra is not foreseen"),
    ("a missing attribute fails GetAtt", {"Data": {"Arn": ARN}}, "Data lacks"),
    ("attributes are text", {"Data": {**DATA, "Restored": False}}, ".Data.Restored is no string"),
    ("an attribute too many", {"Data": {**DATA, "SecretString": "x"}}, "is not foreseen"),
    ("Arn and Ref are one", {"Data": {**DATA, "Arn": ARN[:-1] + "x"}}, "Ref differ"),
    ("Name is the ARN's", {"Data": {**DATA, "Name": "other"}}, "Name is not the ARN's"),
    ("a Reason that CloudFormation cuts", {"Reason": "x" * 241}, ".Reason is longer than 240"),
    ("a failure says why", {"Status": "FAILED", "Data": {}}, ".Reason is shorter than 1"),
    ("a failure has no data", {"Status": "FAILED", "Reason": "x"}, ".Data has more than 0"),
    ("a value", {"Reason": "not hunter2!"}, "shows a value"),
    ("the URL", {"Reason": SIGNATURE}, "shows its URL"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "seen"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG])
def test_a_wrong_answer_is_found(outside: World, changes: dict[str, Any], seen: str) -> None:
    outside.sandbox = answering(**changes)
    delivered = Stack(outside).send("Create", {"SecretString": "hunter2!"})
    with pytest.raises(AssertionError, match=seen):
        _ = delivered.answer


def test_4097_bytes_are_too_many() -> None:
    event = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "RequestType": "Create"}
    for size, wrong in ((4096, False), (4097, True)):
        body = json.dumps(good(event)).encode().ljust(size)
        told = list(judge.faults(event, [Put("", {"content-length": str(size)}, body)]))
        assert told == (["the answer has 4097 bytes"] if wrong else [])


def test_no_answer_and_two_answers_are_found(outside: World) -> None:
    def twice(event: Event, _context: Context) -> None:
        put(event["ResponseURL"], good(event))
        put(event["ResponseURL"], good(event, Status="FAILED", Reason="no", Data={}))

    stack = Stack(outside)
    for toy, seen in ((twice, "2 answers"), (lambda *_: None, "no answer")):
        outside.sandbox = toy
        with pytest.raises(AssertionError, match=seen):
            _ = stack.send("Create", {}).answer


@pytest.mark.parametrize(
    ("kind", "changes", "seen"),
    [
        pytest.param("Delete", {"PhysicalResourceId": "x"}, "although the Delete", id="delete"),
        pytest.param(
            "Update",
            {"PhysicalResourceId": "x", "Status": "FAILED", "Reason": "r", "Data": {}},
            "although the Update FAILED",
            id="a failed update",
        ),
        pytest.param(
            "Update",
            {"PhysicalResourceId": (other := ARN[:-6] + "ghijkl"),
             "Data": {**DATA, "Arn": other, "Id": other}},
            "although the name did not",
            id="an update that keeps the name",
        ),
    ],
)  # fmt: skip
def test_an_id_that_changes_is_found(
    outside: World, kind: str, changes: dict[str, Any], seen: str
) -> None:
    """It would make CloudFormation delete what goes on living."""
    outside.aws.by_hand("CreateSecret", Name="db")
    alive = str(outside.aws.secret("db").arn)
    outside.sandbox = answering(**changes)
    with pytest.raises(AssertionError, match=seen):
        _ = Stack(outside).send(kind, {}, id=alive).answer


def bare(**changes: Any) -> Callable[[Event, Context], None]:
    """Return a function on crhelper as it comes, which does what its Create is told."""
    resource = crhelper.CfnResource(sleep_on_delete=0, log_level="ERROR")
    resource.create(changes["create"])
    called: Callable[[Event, Context], None] = resource
    return called


def test_crhelper_alone_invents_an_id_after_an_exception(outside: World) -> None:
    """Why the function sets the id first: CloudFormation will send it with the Delete."""

    def create(*_: object) -> str:
        raise RuntimeError("no")

    outside.sandbox = bare(create=create)
    stack = Stack(outside)
    assert stack.send("Create", {}).id != stack.send("Create", {}).id


def test_crhelper_alone_answers_twice_when_time_runs_out(outside: World) -> None:
    """Its timer answers FAILED with an empty id, then the work ends with SUCCESS."""

    def create(*_: object) -> str:
        threading.Event().wait(0.8)
        return ARN

    outside.sandbox = bare(create=create)
    delivered = outside.deliver(Stack(outside).event("Create", {}), seconds=0.9)
    first, second = (json.loads(each.body) for each in delivered.puts)
    assert (first["Status"], first["PhysicalResourceId"]) == ("FAILED", "")
    assert (second["Status"], second["PhysicalResourceId"]) == ("SUCCESS", ARN)
    with pytest.raises(AssertionError, match="2 answers"):
        _ = delivered.answer


def test_the_receiver_refuses_loses_and_drops(outside: World) -> None:
    outside.sandbox = bare(create=lambda *_: ARN)
    outside.receiver.conducts = ["deaf", "drop", "refuse"]
    delivered = Stack(outside).send("Create", {})
    assert [each.conduct for each in delivered.puts] == ["drop", "refuse"]
    assert len(outside.time.slept) == 2, "crhelper tries again after 2 seconds"
    assert len({each.body for each in delivered.puts}) == 1


def test_the_schema_checker_refuses_what_it_does_not_know() -> None:
    with pytest.raises(NotImplementedError, match="uniqueItems"):
        list(schema.problems([], {"uniqueItems": True}))


def test_properties_travel_as_strings() -> None:
    sent = wire({"A": True, "B": 7, "C": None, "D": [{"E": False}], "F": "x"})
    assert sent == {"A": "true", "B": "7", "D": [{"E": "false"}], "F": "x"}


# The fake CloudFormation API -------------------------------------------------------------------


def test_it_tells_of_stacks_as_boto3_reads_it(outside: World) -> None:
    parent = Stack(outside, "shop", tags={"team": "a&b"})
    child = Stack(outside, "Kid", parent=parent)
    client = boto3.client("cloudformation", region_name=REGION)
    [told] = client.describe_stacks(StackName=parent.id)["Stacks"]
    assert told["Tags"] == [{"Key": "team", "Value": "a&b"}]
    assert told["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert "LastUpdatedTime" not in told
    [told] = client.describe_stacks(StackName=child.record.name)["Stacks"]
    assert (told["ParentId"], told["RootId"]) == (parent.id, parent.id)
    assert child.record.name.startswith("shop-Kid-")
    with pytest.raises(ClientError, match="Stack with id nope does not exist"):
        client.describe_stacks(StackName="nope")
    child.record.status = "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="does not exist"):
        client.describe_stacks(StackName=child.record.name)
    assert client.describe_stacks(StackName=child.id)["Stacks"]
    assert {call.region for call in outside.stacks.calls} == {REGION}


def test_it_tells_the_history_newest_first_and_in_pages(outside: World) -> None:
    stack = Stack(outside)
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_FAILED"):
        stack.record.becomes(status)
    client = boto3.client("cloudformation", region_name=REGION)
    pages = list(client.get_paginator("describe_stack_events").paginate(StackName=stack.id))
    assert [len(page["StackEvents"]) for page in pages] == [3, 1]
    told = [event["ResourceStatus"] for page in pages for event in page["StackEvents"]]
    assert (told[0], told[-1]) == ("UPDATE_FAILED", "CREATE_IN_PROGRESS")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("denied", "AccessDenied"), ("expired", "ExpiredToken"), ("reset", "ConnectionClosed")],
)
def test_it_fails_on_command(outside: World, kind: stacks.Kind, code: str) -> None:
    stack = Stack(outside)
    outside.stacks.faults.append(stacks.Fault(kind, times=None))
    client = boto3.client("cloudformation", region_name=REGION)
    with pytest.raises((ClientError, HTTPClientError, EndpointConnectionError)) as caught:
        client.describe_stacks(StackName=stack.id)
    assert code in str(caught.value) + type(caught.value).__name__


def test_it_is_throttled_so_often_as_told(outside: World) -> None:
    stack = Stack(outside)
    outside.stacks.faults.append(stacks.Fault("throttle", times=2))
    client = boto3.client("cloudformation", region_name=REGION)
    assert client.describe_stacks(StackName=stack.id)["Stacks"]
    assert [call.outcome for call in outside.stacks.calls] == ["Throttling", "Throttling", "ok"]


# The stack ---------------------------------------------------------------------------------------


class Recorder:
    """A toy function that writes down what it gets, and fails where it is told."""

    def __init__(self, world: World) -> None:
        """Begin with nothing."""
        self.world, self.seen, self.failing = world, list[tuple[str, str, str]](), set[str]()

    def __call__(self, event: Event, _context: Context) -> None:
        """Answer an id made of the declared name."""
        [status] = [
            r.status for r in self.world.stacks._records.values() if r.id == event["StackId"]
        ]
        name = event["ResourceProperties"].get("Name", "?")
        self.seen.append((event["RequestType"], name, status))
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
        told = event.get("PhysicalResourceId", arn)
        if event["RequestType"] == "Update":
            told = arn
        failed = f"{event['RequestType']} {name}" in self.failing
        answer = good(event, PhysicalResourceId=told)
        answer["Data"] = {**DATA, "Arn": told, "Id": told, "Name": name}
        if failed:
            old = event.get("PhysicalResourceId", "not-created")
            answer |= {"Status": "FAILED", "Reason": "no", "Data": {}, "PhysicalResourceId": old}
        put(event["ResponseURL"], answer)


@pytest.fixture
def seen(outside: World) -> Recorder:
    """A recorder in place of the function."""
    outside.sandbox = recorder = Recorder(outside)
    return recorder


def test_a_life_without_trouble(outside: World, seen: Recorder) -> None:
    stack = Stack(outside)
    stack.create({"Name": "a"})
    stack.update({"Name": "a", "Description": "x"})
    stack.delete()
    assert seen.seen == [
        ("Create", "a", "CREATE_IN_PROGRESS"),
        ("Update", "a", "UPDATE_IN_PROGRESS"),
        ("Delete", "a", "DELETE_IN_PROGRESS"),
    ]
    assert stack.record.status == "DELETE_COMPLETE"


def test_a_failed_create_is_deleted_with_its_own_id(outside: World, seen: Recorder) -> None:
    seen.failing = {"Create a"}
    _, deletion = Stack(outside).deploy({"Secret": {"Name": "a"}})
    assert deletion.event["PhysicalResourceId"] == "not-created"
    assert seen.seen[-1] == ("Delete", "a", "ROLLBACK_IN_PROGRESS")


def test_a_lost_answer_makes_an_id_up(outside: World, seen: Recorder) -> None:
    _, deletion = Stack(outside).deploy({"Secret": {"Name": "a"}}, lost=["Secret"])
    assert deletion.event["PhysicalResourceId"].startswith("shop-Secret-")


def test_a_rename_is_cleaned_up(outside: World, seen: Recorder) -> None:
    stack = Stack(outside)
    stack.create({"Name": "a"})
    update, cleanup = stack.deploy({"Secret": {"Name": "b"}})
    assert cleanup.event["PhysicalResourceId"] != update.id
    assert seen.seen[-1] == ("Delete", "a", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")


def test_a_rolled_back_rename_is_swapped_and_cleaned_up(outside: World, seen: Recorder) -> None:
    stack = Stack(outside)
    first = stack.create({"Name": "a"})
    forward, back, cleanup = stack.deploy({"Secret": {"Name": "b"}}, fails=True)
    assert back.event["PhysicalResourceId"] == forward.id
    assert back.event["OldResourceProperties"]["Name"] == "b"
    assert cleanup.event["PhysicalResourceId"] == forward.id
    assert stack.resources["Secret"].id == first.id
    assert seen.seen[-2:] == [
        ("Update", "a", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Delete", "b", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    ]


def test_on_failure_delete_shows_a_deletion(outside: World, seen: Recorder) -> None:
    stack = Stack(outside, change_set=True)
    stack.create({"Name": "a"}, fails=True, failing="delete")
    assert seen.seen[-1] == ("Delete", "a", "DELETE_IN_PROGRESS")
    assert stack.record.updated, "a change set sets LastUpdatedTime"
    assert "CREATE_COMPLETE" not in [event.status for event in stack.record.events]
