"""What AWS, or whatever stands in its way, answers: raw bodies through botocore to the store."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import awsrequest, handlers
from botocore.compat import HTTPHeaders
from hypothesis import strategies as st
from lambda_handler import stacks

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.orphans import Stack as Named
from recoverable_secrets.core.orphans import Tool
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import aws_errors, aws_inventory, aws_sources, aws_stacks

Draw = Callable[[st.SearchStrategy[Any]], Any]

NAME = "app/db"
REF, BY_NAME = facts.Ref(NAME, grammar.ARN), facts.Ref(NAME)
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/5c9d5d10-0000-11ef-8000-0a1b2c3d"
_ANSWERS: list[tuple[int, bytes]] = []
_SENT: list[str] = []


class _Body(io.BytesIO):
    def stream(self, **_kwargs: object) -> Iterator[bytes]:
        yield self.read()


def _answer(request: awsrequest.AWSPreparedRequest, **_: Any) -> object:
    """Answer any call with what is to come next; the last answer stays."""
    if not _ANSWERS:
        return None
    _SENT.append(str(request.headers.get("X-Amz-Target", b"")))
    status, body = _ANSWERS[0] if len(_ANSWERS) == 1 else _ANSWERS.pop(0)
    headers = HTTPHeaders.from_dict({"x-amzn-requestid": "r"})
    return awsrequest.AWSResponse(request.url, status, headers, _Body(body))


for _service in ("secrets-manager", "sts", "ssm", "kms", "cloudformation"):
    handlers.BUILTIN_HANDLERS.append((f"before-send.{_service}", _answer))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws_store.AwsStore]:
    """A store whose calls are answered by what stands in `_ANSWERS`."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws_store.open_store.cache_clear()
    _ANSWERS.clear()
    yield aws_store.open_store(aws_store.Connection())
    _ANSWERS.clear()
    aws_store.open_store.cache_clear()


DATES = st.sampled_from((1.7e9, 1700000000, "2030-01-01T00:00:00Z", 0))
SECRETS = st.fixed_dictionaries(
    {"ARN": st.just(grammar.ARN), "Name": st.just(NAME)},
    optional={
        "Description": st.just("a database"),
        "KmsKeyId": st.sampled_from(grammar.KEYS),
        "DeletedDate": DATES,
        "CreatedDate": DATES,
        "LastAccessedDate": DATES,
        "NextRotationDate": DATES,
        "RotationEnabled": st.booleans(),
        "RotationLambdaARN": st.just(grammar.FUNCTION),
        "RotationRules": st.just({"AutomaticallyAfterDays": 30, "Duration": "3h"}),
        "Tags": st.just([{"Key": ownership.OWNER, "Value": "me"}, {"Key": "a", "Value": ""}]),
        "VersionIdsToStages": st.just({"v1": ["AWSCURRENT", "blue"], "v0": ["AWSPREVIOUS"]}),
        "PrimaryRegion": st.sampled_from(grammar.REGIONS),
        "OwningService": st.just("rds"),
        "Type": st.just("MongoDB"),
        "ReplicationStatus": st.just([
            {"Region": "us-east-1", "Status": "InSync", "LastAccessedDate": 1.7e9},
            {"Region": "eu-west-2", "Status": "Failed", "StatusMessage": "in\nthe way"},
        ]),
        "ExternalSecretRotationMetadata": st.just([{"Key": "a", "Value": "b"}]),
    },
)  # fmt: skip
CODES = ("ResourceNotFoundException", "InvalidRequestException", "ResourceExistsException",
         "AccessDeniedException", "ThrottlingException", "InternalServiceError", "ExpiredToken",
         "InvalidParameterException", "DecryptionFailure", "LimitExceededException",
         "MalformedPolicyDocumentException", "com.amazonaws#Odd:http://x", "")  # fmt: skip
FAULTS = grammar.some({
    "__type": st.sampled_from(CODES),
    "message": st.sampled_from(("", "no", "x is not authorized to perform: kms:Decrypt")),
    "Message": st.just("another"),
    "code": st.sampled_from(CODES),
})  # fmt: skip
NO_ANSWERS = (
    b"", b"null", b"[]", b"0", b'"text"', b"<html>proxy</html>", b"\xff\xfe", b"{", b"[{}]",
    b'{"ARN":"a","ARN":{}}', b"NaN", b"[" * 5000, b"9" * 5000, b"true",
)  # fmt: skip


@st.composite
def answers(draw: Draw, bodies: st.SearchStrategy[Any] = SECRETS) -> list[tuple[int, bytes]]:
    """One or two answers: statuses and bodies, odd ones among them."""
    made = []
    for _ in range(draw(st.integers(1, 2))):
        status = draw(st.sampled_from((200, 200, 200, 400, 400, 403, 404, 413, 500, 503, 302)))
        good = bodies if status == 200 else FAULTS
        whole = odd._json(draw(odd.mutated(good, most=2))).encode("utf-8", "surrogatepass")
        made.append((status, draw(st.sampled_from((whole, whole, whole, *NO_ANSWERS[:2]))
                                  | st.sampled_from((whole, whole, *NO_ANSWERS)))))  # fmt: skip
    return made


ACTIONS: tuple[plan.Action, ...] = (
    plan.Restore(), plan.DropPolicy(), plan.ScheduleDeletion(days=7), plan.Purge(),
    plan.SetPolicy(document="{}", block_public=True), plan.SetTags(tags={"a": "b"}),
    plan.DropTags(keys=("a",)), plan.RemoveReplicas(regions=("us-east-1",)),
    plan.CheckKey(kms_key_id="alias/app"),
)  # fmt: skip
MOST = 2 * 6 * 60
"""Calls of one look: two, tried six times each by the SDK, and that for a minute of pauses."""
LOOKS: tuple[Callable[[aws_store.AwsStore], Any], ...] = (
    lambda store: store.observe(REF),
    lambda store: store.observe(BY_NAME, policy=True),
    lambda store: list(aws_inventory.AwsInventory(store).pages(prefix="app/", pending=True)),
    lambda store: aws_inventory.AwsInventory(store).versions(REF),
    lambda store: aws_sources.parameter(store, "/app/db"),
    lambda store: aws_sources.secret(store, NAME),
    *(lambda store, act=act: store.apply(REF, act) for act in ACTIONS),  # type: ignore[misc]
)


def test_answers(fuzz: Fuzz, store: aws_store.AwsStore) -> None:
    """Any answer is understood, or an error of ours; none of it is shown that may be a value."""

    def check(given: tuple[int, list[tuple[int, bytes]]]) -> str:
        look, told = given
        _ANSWERS[:] = told
        _SENT.clear()
        seen, texts = judge.outcome(lambda: LOOKS[look](store))
        assert len(_SENT) <= MOST, "it asks on and on"
        if texts:
            return REFUSED
        if isinstance(seen, facts.Present | facts.PendingDeletion):
            assert NAME in {seen.secret.name, seen.secret.id} or seen.secret.id == grammar.ARN
            assert all(isinstance(k, str) for pair in seen.secret.tags.items() for k in pair)
            dates = (seen.secret.created, seen.secret.accessed, seen.secret.rotated_next)
            assert all(date is None or date.tzinfo is dt.UTC for date in dates)
            repr(seen).encode()
        return ACCEPTED

    listed = st.builds(lambda rows, token: {"SecretList": rows, **token},
                       st.lists(SECRETS, max_size=2),
                       grammar.some({"NextToken": st.sampled_from(("", "more"))}))  # fmt: skip
    versions = st.just({"ARN": grammar.ARN, "Name": NAME, "Versions": [{"VersionId": "v"}]})
    values = st.sampled_from((
        {"Parameter": {"Value": judge.CANARY}}, {"Name": NAME, "SecretString": judge.CANARY},
        {"Name": NAME, "SecretBinary": base64.b64encode(judge.CANARY.encode()).decode()},
    ))  # fmt: skip
    inputs = st.one_of(
        st.tuples(st.integers(0, 1), answers()),
        st.tuples(st.just(2), answers(listed)),
        st.tuples(st.just(3), answers(versions)),
        st.tuples(st.integers(4, 5), answers(values)),
        st.tuples(st.integers(6, len(LOOKS) - 1), answers()),
    )
    bodies = (b"[]", b"null", b"\xff\xfe", b'{"ARN":"a"}', b'{"SecretList":true}')
    once = [(look, [(status, body)])
            for look in (0, 2, 3, 6) for status in (200, 400) for body in bodies]  # fmt: skip
    unlike = (5, [(200, b'{"Name": [], "SecretString": "x"}')])
    fuzz.run(check, inputs, [*once, unlike])


SUBJECTS = st.builds(
    aws_errors.Subject,
    st.sampled_from(sorted(aws_errors.PERMISSIONS)),
    st.sampled_from((*grammar.NAMES, "\ud800", "a\nb")),
    st.none() | st.builds(Sealed, st.sampled_from((judge.CANARY, judge.CANARY.encode()))),
)
_ODD = st.sampled_from([each for each in odd.ATOMS if not odd.long(each)])
TOLD = st.one_of(*[st.sampled_from(CODES)] * 6, _ODD, odd.mutated_text(st.sampled_from(CODES)))
RESPONSES = st.fixed_dictionaries({}, optional={
    "Error": grammar.some({"Code": TOLD, "Message": TOLD}),
    "ResponseMetadata": st.fixed_dictionaries({"HTTPStatusCode": st.sampled_from((400, 500))}),
})  # fmt: skip
"""What botocore makes of an error answer: its own mappings, with anything in them."""


def test_error_bodies(fuzz: Fuzz) -> None:
    """Each error answer means a conflict, or one error of ours, with what to do about it."""

    def check(given: tuple[aws_errors.Subject, Any]) -> str:
        subject, body = given
        meaning = aws_errors.from_service(body, subject)
        if isinstance(meaning, plan.Conflict | plan.Later):
            assert meaning.code
            meaning.text.encode()
            assert subject.payload is None or judge.CANARY not in meaning.text
            return ACCEPTED
        texts = judge.failure(meaning)
        if subject.payload is not None:
            judge.hidden(texts)
        return REFUSED

    fuzz.run(check, st.tuples(SUBJECTS, RESPONSES))


def test_a_code_that_is_nested_for_ever_is_no_code() -> None:
    """Found by seed 23. From no AWS, but from what answers in its place."""
    nested = {"Error": {"Code": odd.deep(5000), "Message": odd.deep(5000)}}
    meaning = aws_errors.from_service(nested, aws_errors.Subject("GetSecretValue", "prod/db"))
    assert isinstance(meaning, errors.StoreError)
    assert meaning.code == "Unknown"


VALUES = st.sampled_from((
    'pass"word', "two\nlines", "back\\slash", "ünïcode", judge.CANARY, "tab\there", "<&>'",
))  # fmt: skip
ECHOES: tuple[Callable[[str], str], ...] = (
    str, repr, json.dumps, lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: base64.b64encode(text.encode()).decode(), lambda text: text.encode().hex(),
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
)  # fmt: skip


def test_values_in_answers(fuzz: Fuzz) -> None:
    """However a service repeats the value that it was sent, people do not see it."""

    def check(given: tuple[str, int, str, str]) -> str:
        value, how, code, around = given
        echoed = ECHOES[how](value)
        subject = aws_errors.Subject("PutSecretValue", NAME, Sealed(value))
        told = {"Error": {"Code": code, "Message": f"{around} {echoed} {around}"}}
        meaning = aws_errors.from_service(told, subject)
        shown = str(meaning) if isinstance(meaning, Exception) else meaning.text
        assert echoed.strip("'\"") not in shown, "the value is shown"
        assert value not in shown, "the value is shown"
        return REFUSED if "withheld" in shown or not shown else ACCEPTED

    around = st.sampled_from(("", "the value", "Invalid:"))
    fuzz.run(
        check,
        st.tuples(VALUES, st.integers(0, len(ECHOES) - 1), st.sampled_from(CODES[:-1]), around),
        [('pass"word', how, "ResourceNotFoundException", "") for how in range(len(ECHOES))],
        fewest=0,
    )


XML = st.fixed_dictionaries({
    "StackId": st.just(STACK),
    "StackName": st.sampled_from(("shop", "shop-Inner-1ABCDEFGHIJKL", "StackSet-x-" + "0" * 36)),
    "StackStatus": st.sampled_from(("CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "x")),
    "CreationTime": st.just("2030-01-01T00:00:00Z"),
}, optional={
    "ParentId": st.just(STACK + "0"),
    "RoleARN": st.just("arn:aws:iam::1:role/" + "stacksets-exec-" + "0" * 32),
    "Tags": st.just([{"Key": "a", "Value": "b"}, {"Key": "aws:x", "Value": ""}]),
})  # fmt: skip


def xml(content: Any) -> str:
    """Return XML as CloudFormation answers, well formed or not as the content is."""
    if isinstance(content, dict):
        return "".join(f"<{name}>{xml(part)}</{name}>" for name, part in content.items())
    if isinstance(content, list):
        return "".join(f"<member>{xml(part)}</member>" for part in content[:50])
    return odd._shown(content)[:2000]


@st.composite
def stack_answers(draw: Draw) -> list[tuple[int, bytes]]:
    """Answers of CloudFormation."""
    made = []
    for _ in range(draw(st.integers(1, 2))):
        told = draw(odd.mutated(XML, most=1))
        if draw(st.booleans()):
            text = f"<R><DescribeStacksResult><Stacks><member>{xml(told)}</member></Stacks>"
            made.append((200, f"{text}</DescribeStacksResult></R>".encode("utf-8", "replace")))
        else:
            code = draw(st.sampled_from((*CODES, "ValidationError")))
            text = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
            made.append((draw(st.sampled_from((400, 500))), text.encode()))
    return [*made, (200, draw(st.sampled_from((b"<R/>", *NO_ANSWERS))))][: draw(st.integers(1, 3))]


@pytest.mark.filterwarnings("ignore::dateutil.parser.UnknownTimezoneWarning")  # botocore's own
def test_stacks_answers(fuzz: Fuzz, store: aws_store.AwsStore) -> None:
    """What is no answer about the stack is an error of ours, and never an ordinary deletion."""

    def check(told: list[tuple[int, bytes]]) -> str:
        _ANSWERS[:] = list(told)
        seen, texts = judge.outcome(lambda: stacks.look(STACK))
        _ANSWERS[:] = list(told)
        judge.outcome(lambda: stacks.once_complete(STACK))
        _ANSWERS[:] = list(told)
        named = Named(Tool.CLOUDFORMATION, ("shop",))
        judge.outcome(lambda: aws_stacks.Stacks(store).told(named))
        if texts:
            return REFUSED
        assert seen.path
        assert all(isinstance(each, str) for each in (*seen.path, *seen.statuses, seen.root))
        assert all(seen.path), "a stack without a name"
        assert isinstance(seen.deletion, stacks.Deletion)
        return ACCEPTED

    fuzz.run(check, stack_answers(), [[(200, b"<R/>")], [(200, b"")]])
    assert issubclass(errors.Temporary, errors.RecoverableSecretsError)
