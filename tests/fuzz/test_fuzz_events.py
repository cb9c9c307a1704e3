"""Whole events of CloudFormation, and what passes for them: one answer each, and no harm done."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import awsrequest, handlers
from botocore.compat import HTTPHeaders
from hypothesis import strategies as st
from lambda_handler import handler, properties, protocol

from emulation import Aws, Clock
from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from protocol.stacks import Record, Stacks
from recoverable_secrets.core import errors, fields
from recoverable_secrets.stores import aws as aws_store

Draw = Callable[[st.SearchStrategy[Any]], Any]

ACCOUNT, REGION = "111122223333", "eu-central-1"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/5c9d5d10-0000-11ef-8000-0a1b2c3d4e5f"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/Secret-AbCdEf"
FOREIGN = "others/db"
URL = "https://nowhere.invalid/answer?X-Amz-Signature=canary-url"
KEYS = ("RequestType", "ResponseURL", "StackId", "RequestId", "ResourceType", "LogicalResourceId",
        "PhysicalResourceId", "ResourceProperties", "OldResourceProperties")  # fmt: skip
EXTRA = ("CrHelperPoll", "CrHelperData", "CrHelperRule", "CrHelperPermission", "Records")


class Context:
    """What Lambda hands over besides."""

    function_name = "recoverable-secrets"
    aws_request_id = "1"
    log_stream_name = "stream"
    log_group_name = "group"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:recoverable-secrets"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 300_000


PROPERTIES = odd.mutated(
    grammar.declarations(programs=False).map(
        lambda given: grammar.texted(grammar.spelt(given, fields.pascal))
    ),
    names=grammar.PASCAL,
    most=1,
)
IDS = st.sampled_from((ARN, f"{protocol.NOT_CREATED}0f0f", "shop-Secret-1ABC", "x" * 1024, FOREIGN))
STATUSES = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "UPDATE_COMPLETE")  # fmt: skip
GOOD = st.fixed_dictionaries(
    {
        "RequestType": st.sampled_from(("Create", "Update", "Delete")),
        "ResponseURL": st.just(URL),
        "StackId": st.just(STACK),
        "RequestId": st.just("unique id for this create request"),
        "ResourceType": st.just("Custom::RecoverableSecret"),
        "LogicalResourceId": st.just("Secret"),
        "ResourceProperties": PROPERTIES,
    },
    optional={"PhysicalResourceId": IDS, "OldResourceProperties": PROPERTIES},
)


@st.composite
def events(draw: Draw) -> tuple[Any, str]:
    """Events, good or changed at their top; and what the stack is doing."""
    event = draw(GOOD)
    if draw(st.integers(0, 3)) == 0:
        event = draw(odd.mutated(st.just(event), names=(*KEYS, *EXTRA), most=2))
    if isinstance(event, dict) and draw(st.integers(0, 5)) == 0:
        key = draw(st.sampled_from((*KEYS, *EXTRA)))
        event = {**event, key: draw(odd.atoms(URL, STACK, ARN))}
    return event, draw(st.sampled_from(STATUSES))


class Puts:
    """Takes the answers in place of a connection to S3.

    Attributes:
        bodies: What was sent.
    """

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def connection(self, host: str, **_: object) -> Puts:
        http.client.HTTPConnection(host)  # It refuses what is no host.
        return self

    def request(self, *, method: str, url: str, body: str, headers: dict[str, str]) -> None:
        assert method == "PUT"
        assert headers["content-length"] == str(len(body.encode()))
        assert url.startswith(("/", "?")) or not url
        self.bodies.append(body)

    @staticmethod
    def getresponse() -> Any:
        class Taken:
            reason = "OK"

        return Taken


class Scene:
    """The function's surroundings: AWS, one stack, and a secret of somebody else."""

    def __init__(self, puts: Puts) -> None:
        self.puts, self.stacks = puts, Stacks()
        self.stacks._server.server_close()  # Its answers are taken without it.

    @contextlib.contextmanager
    def around(self, status: str) -> Iterator[Aws]:
        """Let there be an AWS with this stack and one foreign secret."""
        self.stacks.reset()
        self.stacks.add(Record(name="shop", id=STACK, status=status, tags={"team": "shop"}))
        self.puts.bodies.clear()
        with Aws(clock=Clock(), account=ACCOUNT, region=REGION).in_process() as aws:
            aws.by_hand("CreateSecret", Name=FOREIGN, SecretString="theirs")
            _SCENES.append(self)
            try:
                yield aws
            finally:
                _SCENES.remove(self)


_SCENES: list[Scene] = []


def _answer(request: awsrequest.AWSPreparedRequest, **_: Any) -> object:
    """Answer a call on CloudFormation, while there is a scene."""
    if not _SCENES:
        return None
    sent = {name: content.decode() if isinstance(content, bytes) else str(content)
            for name, content in request.headers.items()}  # fmt: skip
    body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
    told = _SCENES[-1].stacks.handle(sent, body)
    assert told is not None

    class Body(io.BytesIO):
        def stream(self, **_kwargs: object) -> Iterator[bytes]:
            yield self.read()

    headers = HTTPHeaders.from_dict({"content-type": "text/xml"})
    return awsrequest.AWSResponse(request.url, told[0], headers, Body(told[1].encode()))


handlers.BUILTIN_HANDLERS.append(("before-send.cloudformation", _answer))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The function's environment, with the ends of the process in our hands."""
    puts = Puts()
    monkeypatch.setattr("crhelper.utils.HTTPSConnection", puts.connection)
    monkeypatch.setattr("ssl.create_default_context", lambda *_: None)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "recoverable-secrets")
    aws_store.open_store.cache_clear()
    yield Scene(puts)
    aws_store.open_store.cache_clear()


def answerable(event: Any) -> bool:
    """Whether CloudFormation could take an answer to this: where to, and about what."""
    if not isinstance(event, dict):
        return False
    texts = [event.get(name) for name in ("StackId", "RequestId", "LogicalResourceId")]
    url = event.get("ResponseURL")
    named = all(isinstance(each, str) and 3 <= len(json.dumps(each)) <= 257 for each in texts)
    return named and isinstance(url, str) and bool(re.fullmatch(r"https://[a-z0-9.]+/[!-~]+", url))


def judged(event: dict[str, Any], bodies: list[str]) -> dict[str, Any]:
    """Check that there is one answer, and that CloudFormation takes it."""
    assert len(bodies) == 1, f"{len(bodies)} answers"
    assert len(bodies[0].encode()) <= protocol.LIMIT, f"{len(bodies[0])} bytes"
    answer: dict[str, Any] = json.loads(bodies[0])
    assert answer["Status"] in {"SUCCESS", "FAILED"}
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        assert answer[name] == event[name]
    id_ = answer["PhysicalResourceId"]
    assert isinstance(id_, str)
    assert 1 <= len(id_.encode("utf-8", "surrogatepass")) <= 1024
    if answer["Status"] == "FAILED":
        judge.text(answer["Reason"])
        assert not answer["Data"]
        assert "fault of recoverable-secrets" not in answer["Reason"], answer["Reason"]
    assert all(isinstance(each, str) for each in answer["Data"].values())
    return answer


def test_events(fuzz: Fuzz, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes, there is one answer, nothing leaks, and the secret of others stays."""

    def check(given: tuple[Any, str]) -> str:
        event, status = sent(given[0]), given[1]
        caplog.clear()
        with scene.around(status) as aws:
            before = len(aws.calls)
            handler.handler(sent(event), Context())
            calls = aws.calls[before:]
            theirs = aws.secret(FOREIGN)
            assert theirs is not None
            assert theirs.state == "live", "the secret of others was touched"
            assert not theirs.tags
            assert not any(each.state == "purging" for each in aws.secrets()), "purged by default"
        bodies = list(scene.puts.bodies)
        if not answerable(event):
            assert len(bodies) <= 1
            return "not answerable"
        answer = judged(event, bodies)
        given_, old = (
            mapping(event.get(name)) for name in ("ResourceProperties", "OldResourceProperties")
        )
        stray = judge.astray({k: v for k, v in event.items() if not k.endswith("Properties")})
        sensitive = tuple(map(fields.pascal, judge.SENSITIVE))
        if not stray and not judge.astray(given_, sensitive) and not judge.astray(old, sensitive):
            judge.hidden([*bodies, caplog.text])
        assert "canary-url" not in caplog.text
        if refused(event, given_):
            assert answer["Status"] == "FAILED"
            assert not calls, "called before the input was refused"
            assert not scene.stacks.calls
        return ACCEPTED if answer["Status"] == "SUCCESS" else REFUSED

    fuzz.run(check, events())


def mapping(given: Any) -> dict[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return given if isinstance(given, dict) else {}


def refused(event: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether a Create is wrong by itself."""
    if event.get("RequestType") != "Create":
        return False
    try:
        allowed = properties.Installation.of({}, Context.invoked_function_arn)
        properties.declared(given, allowed)
    except errors.InvalidInput:
        return True
    return not isinstance(event.get("ResourceProperties"), dict)


def sent(event: Any) -> Any:
    """Return an event as Lambda's runtime reads it; `None` if no JSON could hold it."""
    try:
        return json.loads(json.dumps(event))
    except (ValueError, TypeError, RecursionError):
        return None


LONG = "\U0001f511" * 255


@pytest.mark.parametrize("name", ["StackId", "RequestId", "LogicalResourceId"])
@pytest.mark.parametrize(
    "content", ["\ud800", "\U0001f511" * 20, "a\0b", "\u202e"], ids=["half", "long", "nul", "bidi"]
)
def test_odd_ids_are_answered_too(scene: Scene, name: str, content: str) -> None:
    """They are answered to as they came, in an answer that CloudFormation takes."""
    event = {"RequestType": "Delete", "ResponseURL": URL, "StackId": STACK, "RequestId": "r",
             "LogicalResourceId": "Secret", "ResourceProperties": {}, name: content}  # fmt: skip
    with scene.around("DELETE_IN_PROGRESS"):
        handler.handler(event, Context())
    judged(event, scene.puts.bodies)


def test_the_longest_ids_leave_room_for_an_answer(scene: Scene) -> None:
    """All at once, each as long as it is taken."""
    event = {"RequestType": "Create", "ResponseURL": URL, "StackId": LONG * 4, "RequestId": LONG,
             "LogicalResourceId": LONG, "ResourceProperties": {"X": 1}}  # fmt: skip
    with scene.around("CREATE_IN_PROGRESS"):
        handler.handler(event, Context())
    assert all(len(body.encode()) <= protocol.LIMIT for body in scene.puts.bodies)
