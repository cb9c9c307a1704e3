"""What people give to the command: arguments, names, states of Pulumi; what alarms are made of."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import strategies as st

from emulation import Aws, Clock
from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets import cli, configuration, resource
from recoverable_secrets.alarm import managed, parts, patterns
from recoverable_secrets.cli import exits, states
from recoverable_secrets.core import orphans, pulumi_state
from recoverable_secrets.core.orphans import Declares, Known, Stack
from recoverable_secrets.core.pending import check_prefix
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import limits

Draw = Callable[[st.SearchStrategy[Any]], Any]

OWNER = "pulumi/shop/dev/db:0123456789abcdef"
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db"
RESOURCES = st.lists(
    grammar.some({
        "urn": st.sampled_from((URN, URN + "2", "urn:pulumi:dev::shop::x::y", "urn:x")),
        "id": st.sampled_from((grammar.ARN, "id", "")),
        "outputs": grammar.some({
            "arn": st.sampled_from((grammar.ARN, grammar.FUNCTION)),
            "owner": st.sampled_from((OWNER, "me", odd.wrapped("me"))),
            "secret_string": st.sampled_from((odd.wrapped(judge.CANARY), judge.CANARY)),
        }),
        "inputs": st.just({"secret_string": judge.CANARY}),
        "external": st.booleans(),
        "delete": st.booleans(),
    }),
    max_size=4,
)  # fmt: skip
EXPORTS = RESOURCES.map(
    lambda listed: {"version": 3, "deployment": {"resources": listed, "secrets_providers": {}}}
)
BACKENDS = RESOURCES.map(
    lambda listed: {"checkpoint": {"stack": "organization/shop/dev",
                                   "latest": {"resources": listed}}}
)  # fmt: skip
STATE_NAMES = ("deployment", "checkpoint", "latest", "resources", "outputs", "owner", "arn", "id",
               "urn", "stack", "external", "delete")  # fmt: skip


@st.composite
def documents(draw: Draw) -> tuple[bytes, str]:
    """The bytes of a state, and how people may name it."""
    whole = draw(odd.mutated(EXPORTS | BACKENDS, names=STATE_NAMES))
    text = odd._json(whole)
    how = draw(st.integers(0, 11))
    if how == 0:
        text = draw(odd.mutated_text(st.just(text)))
    if how == 1:
        text = text.replace('"resources"', '"resources": [], "resources"', 1)
    if how == 2:
        text = text.replace("null", "NaN").replace("true", "9" * 5000, 1)
    content = text.encode("utf-8", "surrogatepass")
    if how == 3:
        content = b"\xef\xbb\xbf" + content
    if how == 4:
        content = gzip.compress(content)
        content = content[: draw(st.integers(2, len(content)))]
    if how == 5:
        content = draw(st.sampled_from((b"", b"\xff\xfe", text.encode("utf-16"), b"\x1f\x8b", b"0",
                                        gzip.compress(content) + b"x")))  # fmt: skip
    return content, draw(st.sampled_from(("", "", "", "shop/dev=", "shop/prod=", "=", "a/b/c=")))


def test_states(fuzz: Fuzz, tmp_path: Path) -> None:
    """A state is read for ids and owners; nothing else of it is kept, and nothing is repeated."""
    file = tmp_path / "state.json"

    def check(given: tuple[bytes, str]) -> str:
        content, name = given
        file.write_bytes(content)
        told, texts = judge.outcome(lambda: states.read([f"{name}{file}"], []))
        if texts:
            return REFUSED
        for stack, about in told.items():
            assert isinstance(about, Declares)
            parsed = states._parsed(io.BytesIO(content), "state")
            assert pulumi_state.read(parsed, "state", stack) == (stack, about)
            assert all(isinstance(each, str) for each in about.ids())
            assert all(":secretsmanager:" in each for each in about.ids())
            for tag in (OWNER, "me", ""):
                judged = Known(told).judge(grammar.ARN, tag)
                judge.text(judged.why)
                assert (judged.verdict is orphans.Verdict.DECLARED) or (
                    grammar.ARN not in about.ids()
                )
            assert pulumi_state.named(f"{'/'.join(stack.path)}") in {stack, None}
            removed = ["/".join(stack.path)]
            again, _ = judge.outcome(lambda gone=removed: states.read([str(file)], gone))
            assert again is None, "a stack that a state shows passes for removed"
        shown = repr(told)
        assert judge.CANARY not in shown or judge.CANARY in name
        return ACCEPTED

    examples = [
        (json.dumps({"deployment": {"resources": odd_one}}).encode(), "")
        for odd_one in (5, True, float("nan"), "text", {"urn": URN})
    ]
    fuzz.run(check, documents().filter(lambda given: not misplaced(given[0])), examples)


def misplaced(content: bytes) -> bool:
    """Whether a value has got to where ids and owners are."""
    with contextlib.suppress(ValueError, RecursionError, EOFError, OSError):
        left = [json.loads(content)]
        while left:
            part = left.pop()
            if isinstance(part, dict):
                kept = [part.get(name) for name in ("arn", "owner", "id", "urn", "stack")]
                if judge.found(kept) or judge.found(list(part)):
                    return True
                left += part.values()
            elif isinstance(part, list):
                left += part
    return False


COMMANDS = st.sampled_from((
    ["pending"], ["pending", "--within", "7"], ["pending", "--fail-if-within", "3", "--stream"],
    ["status", "app/db"], ["status", grammar.ARN], ["restore", "app/db", "--yes"],
    ["delete", "app/db", "--yes"], ["delete", grammar.ARN, "--window", "7", "--yes"],
    ["versions", "app/db"], ["owner", "show", "app/db"], ["owner", "set", "me", "app/db", "--yes"],
    ["orphans", "--removed", "shop/dev", "--no-cloudformation"], ["orphans", "--state", "-"],
    ["pending", "--owner", "pulumi/shop", "--name-prefix", "app/"],
    ["pending", "--region", "eu-west-1", "--region", "us-east-1"],
    ["restore", grammar.ARN.replace("app/db", "gone"), "--yes"],
))  # fmt: skip
WORDS = ("--json", "--region", "--all-regions", "--yes", "--within", "-7", "7", "1e3", "0x7",
         "\u0667", "9" * 5000, "--owner", "app/db", grammar.ARN, "arn:aws:secretsmanager:", "--",
         "-", "--help", "app/*", "eu-west-1", "--name-prefix", "--state", "--removed")  # fmt: skip


@st.composite
def commands(draw: Draw) -> list[str]:
    """Command lines, some with words changed, put in, or taken away."""
    words = list(draw(COMMANDS))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(words)))
        other = draw(st.sampled_from(WORDS) | odd.mutated_text(st.sampled_from((*words, *WORDS))))
        words[place : place + draw(st.integers(0, 1))] = [other]
    if draw(st.booleans()):
        words.append("--json")
    # What a shell hands over has no NUL, and lone surrogates only for bytes that are no text.
    return [word.replace("\0", "").replace("\ud800", "\udc80") for word in words]


@pytest.fixture
def _at_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A region, nothing on stdin, and no store of another test."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    aws_store.open_store.cache_clear()
    yield
    aws_store.open_store.cache_clear()


@contextlib.contextmanager
def world() -> Iterator[Aws]:
    """An AWS with one secret."""
    with Aws(clock=Clock(), account="111122223333", region="eu-west-1").in_process() as double:
        double.by_hand("CreateSecret", Name="app/db", SecretString=judge.CANARY)
        yield double


def ran(words: list[str]) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it wrote."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return code, texts[0], texts[1]


@pytest.mark.usefixtures("_at_home")
def test_arguments(fuzz: Fuzz) -> None:
    """Any command line ends with a code that says how; wrong input before the first call."""

    def check(words: list[str]) -> str:
        # Behind an option it may be that option's value, and behind `--` a name.
        *_, before_it, last = ["", "", *words]
        ours = last == "--json" and not before_it.startswith("-") and "--" not in words
        with world() as aws:
            before = len(aws.calls)
            code, out, err = ran(words)
            calls = {call.action for call in aws.calls[before:]}
            live = aws.secret("app/db")
        assert live is not None
        assert live.state != "purging"
        assert code in set(exits.Exit), code
        judge.hidden([out, err] if judge.CANARY not in str(words) else [])
        assert "Traceback" not in err
        assert "fault of recoverable-secrets" not in err, err
        for odd_one in ("\x1b]", "\x07"):
            assert odd_one not in out + err, "what was given steers the terminal"
        if ours and "--stream" not in words and "--help" not in words and "--version" not in words:
            assert isinstance(json.loads(out), dict), out
        if code == exits.Exit.INPUT:
            assert err.strip() or ours, "wrong input, and nobody says what"
            assert not calls or "there is no secret" in out + err, "called before it was refused"
        return REFUSED if code == exits.Exit.INPUT else ACCEPTED

    fuzz.run(check, commands(), [["pending", "\udc80pending", "--json"]], block=50)


PREFIXES = st.sampled_from(("", "shop/", "a", "ar", "arn", "arn:", "a" * 96, "!x", "app-"))


def test_alarm_patterns(fuzz: Fuzz) -> None:
    """A prefix that names can have is found again in each pattern; it means no more than itself."""

    def check(prefix: str) -> str:
        _, texts = judge.outcome(lambda: check_prefix(prefix, limits.AWS))
        whole = {"name": "alarm", "way": "events", "name_prefix": prefix}
        told, problems = judge.outcome(lambda: parts.parse(whole))
        for other in (prefix, patterns.metric_filter(prefix)):
            assert isinstance(patterns.prefix_of(other), str)
        if problems:
            return REFUSED
        assert not texts
        assert told.name_prefix == prefix
        filtered = patterns.metric_filter(prefix)
        rule = json.dumps(patterns.event_pattern(prefix))
        assert patterns.prefix_of(filtered) == patterns.prefix_of(rule) == prefix
        assert len(filtered) <= patterns.FILTER_LIMIT
        assert filtered.count("*") == 4 + 3 * bool(prefix), "the prefix has wildcards of its own"
        assert filtered.count('"') == 2 * (5 + 2 * bool(prefix))
        assert patterns.query(prefix).count('"') % 2 == 0
        return ACCEPTED

    fuzz.run(check, PREFIXES | odd.mutated_text(PREFIXES))


_NAMED = {"name": st.sampled_from(("alarm", "a-b_c", "x" * 56)), "region": st.just("eu-west-1"),
          "name_prefix": st.sampled_from(("", "shop/"))}  # fmt: skip
_TOLD = ({"topic_arn": st.just("arn:aws:sns:eu-west-1:111122223333:topic")},
         {"email": st.lists(st.sampled_from(("a@b.example", "c@d")), max_size=2)})  # fmt: skip


@st.composite
def settings(draw: Draw) -> dict[str, Any]:
    """What an alarm is asked to be."""
    made = draw(grammar.some(_NAMED)) | draw(grammar.some(draw(st.sampled_from(_TOLD))))
    if draw(st.booleans()):
        return {**made, "way": "events"}
    return {**made, "way": "trail", "log_group_name": "/aws/cloudtrail"}


def test_alarm_settings(fuzz: Fuzz) -> None:
    """What an alarm is asked to be is all said to be wrong at once, or made into its parts."""

    def check(given: Any) -> str:
        inputs = {str(k): v for k, v in given.items()} if isinstance(given, dict) else {}
        inputs["default_name"] = "shop-dev-alarm"
        problems = managed.check(inputs, ())
        for text in problems:
            judge.text(text)
        changes, _ = managed.diff({"declared": inputs, **inputs}, inputs, ())
        assert changes in {None, False}
        if problems:
            return REFUSED
        wanted = parts.parse({**inputs, "name": managed._name(inputs)}, managed._region(inputs))
        place = parts.Place("aws", "eu-west-1", "111122223333")
        for part in parts.parts(wanted, place):
            json.dumps(part.properties).encode()
            assert part.label.isprintable()
        return ACCEPTED

    examples = [{"way": "events", "email": odd_one} for odd_one in (True, 7, {"a@b": 1}, [[]])]
    fuzz.run(check, odd.mutated(settings(), names=("name", "way", "email"), most=2), examples)


DURATIONS = st.sampled_from(("1h", "90m", "1.5h30m", "3600s", "", "1h1h", "9" * 400 + "h", "1d"))
ROLES = grammar.some({
    "roleArn": st.just(grammar.ROLE),
    "duration": DURATIONS | odd.mutated_text(DURATIONS),
    "externalId": st.just("x"),
    "policyArns": st.just([]),
})  # fmt: skip
CONFIGURATION = grammar.some({
    "region": st.sampled_from(grammar.REGIONS),
    "defaultTags": st.fixed_dictionaries({"tags": grammar.TAGGED}),
    "assumeRoles": st.lists(ROLES, max_size=2) | ROLES,
    "allowedAccountIds": st.just(["111122223333"]),
    "endpoints": st.lists(grammar.some({"sts": st.just("http://127.0.0.1:1")}), max_size=2),
})  # fmt: skip


def test_configurations(fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program's configuration says is taken over, warned of, or refused in our words."""
    monkeypatch.setattr(pulumi.log, "warn", judge.text)

    def check(given: Any) -> str:
        told = {f"aws:{name}": part if isinstance(part, str) else odd._json(part)
                for name, part in given.items()} if isinstance(given, dict) else {}  # fmt: skip
        told = {name: text for name, text in told.items() if name.isprintable()}
        pulumi.runtime.config.set_all_config(told)
        props: dict[str, Any] = dict.fromkeys(("assume_role_arn", "profile", "allowed_account_ids"))
        try:
            _, texts = judge.outcome(lambda: configuration.configure(props))
        except pulumi.ConfigTypeError:
            return REFUSED  # Pulumi's own: it is no JSON.
        if texts:
            return REFUSED
        for role in props.get("assume_roles") or ():
            assert isinstance(role.get("duration_seconds", 1), int)
        where = aws_store.connection(props)
        assert all(len(account) > 1 for account in where.accounts), "a text is taken for a list"
        given_tags = {"default_tags": props["default_tags"], "tags": {"a": "b"}}
        problems = resource.check(given_tags, (), first=False, say=judge.text)
        for text in problems:
            judge.text(text)
        return ACCEPTED

    examples = [{"allowedAccountIds": True}, {"allowedAccountIds": "111122223333"},
                {"defaultTags": True}, {"defaultTags": {"tags": ["a"]}}, {"endpoints": True},
                {"assumeRoles": [[]]}, {"assumeRoles": {"roleArn": 7}},
                {"assumeRoles": {"roleArn": grammar.ROLE, "duration": f"{'9' * 400}h"}},
                ]  # fmt: skip
    inputs = odd.mutated(CONFIGURATION, names=("roleArn", "tags", "duration"), most=2)
    fuzz.run(check, inputs, examples)
    pulumi.runtime.config.set_all_config({})


def test_a_stack_is_named_by_project_and_name_alone() -> None:
    """What has a slash too many, or a line end, is no stack's name."""
    for text in ("a/b/c", "a", "/", "a/b\n", "a//b", "\u0430/b", ""):
        assert pulumi_state.named(text) is None
    assert isinstance(pulumi_state.named("shop/dev"), Stack)
    assert re.fullmatch(r"pulumi/shop/dev", str(pulumi_state.named("shop/dev")))
