"""Values, the ResponseURL and credentials appear nowhere: in no log, stream or answer.

Every logger is at DEBUG, crhelper's, botocore's and urllib3's too, which is more than an operator
can do by accident: crhelper sets levels at each event, and is kept from that here.
"""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulation import AwsError, Request, faults
from protocol.receiver import SIGNATURE
from protocol.stack import SECRET, Stack
from protocol.stacks import Fault
from protocol.world import Delivery, Sandbox, World

WORD = "canary-9c4d17"
TEXT = f"He said \"{WORD}\",\nand 'left' \\ for good: \u00fc"
BYTES = base64.b64encode(f"\0{WORD}\r\n".encode()).decode()
KEY, SESSION = "canary-3f8e-secret-key", "canary-3f8e-session-token"
NAME = "shop/Secret"

LIBRARIES = ("botocore", "urllib3", "boto3", "crhelper", "lambda_handler", "recoverable_secrets")


def spellings(word: str) -> Iterator[str]:
    """A word as it shows in plain text, in hexadecimal, and inside base64."""
    yield word
    yield word.encode().hex()
    for place in range(3):
        encoded = base64.b64encode(b"x" * place + word.encode()).decode()
        yield encoded[4 if place else 0 : -4]


TRACES = [*spellings(WORD), BYTES, SIGNATURE, KEY, SESSION]


def leaks(text: str) -> list[str]:
    """Return what of the canaries is in a text, with what is around it."""
    found = [text.find(trace) for trace in TRACES]
    return [text[max(at - 80, 0) : at + 80] for at in found if at >= 0]


class Everything(logging.Handler):
    """Takes every record there is, and all that a formatter could show of it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(level=1)
        self.texts: list[str] = []
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write down all of it, the chain of exceptions included."""
        self.names.add(record.name.partition(".")[0])
        shown = [record.getMessage(), repr(record.args), str(record.exc_text or "")]
        shown += [repr(content) for content in vars(record).values()]
        if record.exc_info and record.exc_info[1]:
            shown += traceback.format_exception(record.exc_info[1])
        self.texts.append(f"{record.name}: " + "\n".join(shown))


@pytest.fixture
def seen(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everything]:
    """Everything that is logged, with credentials that are canaries."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SESSION)
    handler = Everything()
    logging.root.addHandler(handler)
    names = ["", *logging.root.manager.loggerDict, *LIBRARIES]
    levels = {name: logging.getLogger(name).level for name in names}
    inner = world.sandbox

    def loud(event: Any, context: Any) -> object:
        """Let everybody talk from the first moment that crhelper has set its levels."""
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        return inner(event, context)

    world.sandbox = loud
    monkeypatch.setattr("crhelper.log_helper.setup", lambda *_args, **_kwargs: None)
    yield handler
    logging.root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def cold(world: World) -> None:
    """A sandbox of its own, whose clients have the canary credentials."""
    world.sandbox = Sandbox()


def assert_silent(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str], *made: Delivery
) -> None:
    """Check all places where a canary could be."""
    out, err = capfd.readouterr()
    assert not leaks(out)
    assert not leaks(err)
    assert seen.texts, "nothing was logged at all: the test looks at the wrong place"
    found = sorted({text.partition(":")[0] for text in seen.texts if leaks(text)})
    assert not found, found
    for each in made or world.deliveries:
        assert each.raised is None or not leaks(repr(each.raised))
        for put in each.puts:
            assert not leaks(put.body.decode())
    assert not leaks(json.dumps([one.tags for one in world.aws.secrets()], default=str))


def test_the_canaries_would_be_found(seen: Everything) -> None:
    """The looking itself: plain, in JSON, and in base64; in a record's traceback too."""
    try:
        {}[TEXT]
    except KeyError:
        logging.getLogger("elsewhere").exception("no value here")
    assert leaks(seen.texts[-1])
    for hidden in (TEXT, json.dumps(TEXT), BYTES, base64.b64encode(TEXT.encode()).decode()):
        assert leaks(f"something {hidden} something")
    assert not leaks("something else")


VALUES: list[tuple[str, dict[str, Any]]] = [
    ("text", {"SecretString": TEXT}),
    ("binary", {"SecretBinary": BYTES}),
    ("json", {"SecretString": json.dumps({"password": TEXT})}),
    ("mapping", {"SecretJson": {"password": TEXT, "more": [TEXT]}}),
    ("write-only", {"SecretStringWo": TEXT, "SecretStringWoVersion": 1}),
    ("parameter", {"ValueFrom": {"SsmParameter": "/shared/db"}, "ValueVersion": 1}),
    ("secret", {"ValueFrom": {"Secret": "shared/text"}}),
    ("binary secret", {"ValueFrom": {"Secret": "shared/bytes"}}),
    ("template", {"GenerateSecretString": {
        "SecretStringTemplate": json.dumps({"user": TEXT}), "GenerateStringKey": "password"}}),
]  # fmt: skip


@pytest.mark.parametrize("properties", [row[1] for row in VALUES], ids=[row[0] for row in VALUES])
def test_a_whole_life(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str], properties: dict[str, Any]
) -> None:
    """Create, update, rename, roll back, delete, restore, at DEBUG."""
    share(world)
    stack = Stack(world)
    stack.create(properties).expect_success()
    stack.update({**properties, "Description": "new"}).expect_success()
    stack.update({"SecretString": TEXT + "2"}).expect_success()
    stack.deploy({SECRET: {"SecretString": TEXT + "3", "Name": "app/db"}}, fails=True)
    stack.delete()[0].expect_success()
    Stack(world).create({"SecretString": TEXT + "4"}).expect_success()
    assert_silent(world, seen, capfd)
    assert {"crhelper", "lambda_handler"} <= seen.names


def share(world: World) -> None:
    """Put canaries where the installation lets the function read."""
    sources = ("ssm:*:*:parameter", "secretsmanager:*:*:secret:shared")
    world.install(ALLOWED_VALUE_SOURCES=",".join(f"arn:aws:{one}/*" for one in sources))
    world.aws.add_parameter("/shared/db", TEXT)
    world.aws.by_hand("CreateSecret", Name="shared/text", SecretString=TEXT)
    world.aws.by_hand("CreateSecret", Name="shared/bytes", SecretBinary=base64.b64decode(BYTES))


def test_a_cold_start_over_the_network(
    world: World, cold: None, seen: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    """Clients made with the canary credentials: neither key nor token is logged."""
    from recoverable_secrets.stores import aws as aws_store  # noqa: PLC0415 - only here

    aws_store.open_store.cache_clear()
    stack = Stack(world)
    stack.create({"SecretString": TEXT}).expect_success()
    stack.delete()[0].expect_success()
    aws_store.open_store.cache_clear()
    assert_silent(world, seen, capfd)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("in place of a name", {"Name": TEXT}),
    ("in place of a description", {"Description": TEXT * 100}),
    ("in place of a key", {"KmsKeyId": TEXT}),
    ("in place of a number", {"RecoveryWindowInDays": TEXT}),
    ("in place of a truth value", {"ForceDeleteWithoutRecovery": TEXT}),
    ("in place of a word", {"OnRecreate": TEXT}),
    ("in place of tags", {"Tags": TEXT}),
    ("as a tag's value", {"Tags": [{"Key": "a", "Value": TEXT}]}),
    ("as a tag's number", {"Tags": [{"Key": "a", "Value": {"x": TEXT}}]}),
    ("too long", {"SecretString": TEXT * 5000}),
    ("twice", {"SecretString": TEXT, "SecretBinary": BYTES}),
    ("as no base64", {"SecretBinary": TEXT}),
    ("as an object", {"SecretString": {"password": TEXT}}),
    ("in a list", {"SecretString": [TEXT]}),
    ("under a misspelt name", {"Secretstring": TEXT}),
    ("under an unknown name", {"Password": TEXT}),
    ("in place of labels", {"VersionStages": TEXT * 20}),
    ("in place of a region", {"ReplicaRegions": [{"Region": TEXT}]}),
    ("in a list of regions", {"ReplicaRegions": [TEXT]}),
    ("in place of a policy", {"ResourcePolicy": TEXT}),
    ("in place of a function", {"RotationLambdaARN": TEXT}),
    ("in place of a schedule", {"RotationRules": {"ScheduleExpression": TEXT}}),
    ("in place of a place", {"ValueFrom": {"SsmParameter": TEXT}}),
    ("in place of places", {"ValueFrom": TEXT}),
    ("in place of a mapping", {"SecretJson": TEXT}),
    ("as another version", {"SecretStringWo": TEXT, "SecretStringWoVersion": TEXT}),
    ("without its version", {"SecretStringWo": TEXT}),
    ("in a template that is none", {"GenerateSecretString": {"SecretStringTemplate": TEXT}}),
    ("in generation", {"GenerateSecretString": TEXT}),
    ("in characters", {"GenerateSecretString": {"ExcludeCharacters": [TEXT]}}),
    ("under an unknown nested name", {"GenerateSecretString": {"Value": TEXT}}),
]


@pytest.mark.parametrize("properties", [row[1] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_properties(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str], properties: dict[str, Any]
) -> None:
    """A value in the wrong place is still a value."""
    stack = Stack(world)
    create, deletion = stack.deploy({SECRET: properties})
    create.expect_failure()
    deletion.expect_success()
    stack = Stack(world)
    stack.create({"SecretString": "fine-value"}).expect_success()
    update, back = stack.deploy({SECRET: properties})
    update.expect_failure()
    back.expect_success()
    assert_silent(world, seen, capfd)


class Echo(faults.Refusing):
    """A refusal that repeats all that it was sent."""

    code = "ValidationException"

    def before(self, _aws: Any, request: Request) -> faults.Answer | None:
        """Answer the error."""
        raise AwsError(self.code, f"1 error: Value '{request.parameters}' failed", 400)


class EchoOdd(Echo):
    """The same by a code that never did so."""

    code = "EncryptionFailure"


class EchoDenied(Echo):
    """The same by a denial."""

    code = "AccessDeniedException"


FAULTS: list[Callable[[], faults.Fault]] = [
    lambda: Echo(times=None),
    lambda: EchoOdd(times=None),
    lambda: EchoDenied(times=None),
    lambda: faults.Throttle(times=None),
    lambda: faults.InternalError(times=None),
    lambda: faults.ConnectionReset(times=None),
    faults.LostResponse,
    lambda: faults.ExpiredToken(times=None),
]


@pytest.mark.parametrize(
    "fault",
    FAULTS,
    ids=["echo", "odd", "denied", "throttle", "internal", "reset", "lost", "expired"],
)
def test_failing_calls(
    world: World,
    seen: Everything,
    capfd: pytest.CaptureFixture[str],
    fault: Callable[[], faults.Fault],
) -> None:
    """Errors of the service repeat parameters, and exceptions drag their context along."""
    stack = Stack(world)
    world.aws.inject(fault())
    stack.deploy({SECRET: {"SecretString": TEXT}})
    world.aws.heal()
    stack = Stack(world)
    stack.create({"SecretString": TEXT})
    world.aws.inject(fault())
    stack.deploy({SECRET: {"SecretString": TEXT + "2", "Description": "x"}})
    assert_silent(world, seen, capfd)


@pytest.mark.parametrize("kind", ["denied", "internal", "reset", "expired"])
def test_failing_looks(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str], kind: Any
) -> None:
    world.stacks.faults.append(Fault(kind, times=None))
    for each in ("Create", "Update", "Delete"):
        Stack(world).send(each, {"SecretString": TEXT}, old={"SecretString": TEXT}, id="x")
    assert_silent(world, seen, capfd)


def test_a_fault_of_our_own(
    world: World,
    seen: Everything,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever breaks inside, with a value in its text and its chain: type and place are told."""
    from recoverable_secrets import engine  # noqa: PLC0415 - only here

    def broken(*_args: object, **_kwargs: object) -> None:
        try:
            _ = {}[TEXT]
        except KeyError as cause:
            message = f"cannot handle {TEXT}"
            raise RuntimeError(message) from cause

    monkeypatch.setattr(engine.Engine, "run", broken)
    made = Stack(world).deploy({SECRET: {"SecretString": TEXT}})[0]
    made.expect_failure("RuntimeError")
    assert_silent(world, seen, capfd)


def test_an_answer_that_is_not_taken(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    """crhelper logs failures of sending with their traceback: the URL is in none of it."""
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    world.receiver.conducts[:] = ["deaf", "drop", "fail"]
    stack.send("Create", {"SecretString": TEXT}).expect_success()
    assert_silent(world, seen, capfd)


MALFORMED: list[Any] = [
    None,
    [],
    TEXT,
    7,
    {},
    {"RequestType": TEXT},
    {"ResourceProperties": TEXT},
    {"StackId": {"x": TEXT}},
    {"LogicalResourceId": [TEXT]},
    {"PhysicalResourceId": TEXT, "RequestType": "Delete"},
    {"OldResourceProperties": TEXT, "RequestType": "Update"},
    {"RequestId": TEXT},
    {"ResourceProperties": {"SecretString": TEXT}, "RequestType": ["Create"]},
]


@pytest.mark.parametrize("changes", MALFORMED, ids=repr)
def test_malformed_events(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str], changes: Any
) -> None:
    """Whole events that are none, and events with nonsense in one place."""
    if isinstance(changes, dict):
        stack = Stack(world)
        stack.record.becomes("CREATE_IN_PROGRESS")
        event = {**stack.event("Create", {"SecretString": TEXT}), **changes}
        made = world.deliver(event)
        assert made.raised is None
        own = [
            k for k in ("StackId", "RequestId", "PhysicalResourceId") if TEXT in str(event.get(k))
        ]
        if not own:  # What came as an id goes back as one.
            assert_silent(world, seen, capfd)
        return
    logging.getLogger("lambda_handler").debug("begin")
    world.sandbox(changes, None)  # type: ignore[arg-type]
    assert_silent(world, seen, capfd)
