"""Values are in clear text nowhere: not on disk, not on any stream, not in the engine's events.

The canaries have quotes, line ends and bytes that are no text, for what escapes or encodes them.
They are looked for by a word that survives escaping, and by its base64 in each of the three places
in which it can lie.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation as auto

from e2e.secrets_program import ENCRYPTED, Story, declare, one
from emulation import AwsError, faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.engine import Engine, Program, Run
    from emulation import Aws, Request

WORD = "canary-7f3a91"
TEXT = f"He said \"{WORD}\",\nand 'left' \\ for good: ü\t{{}}"
BYTES = f'\0\xff{WORD}\r\n"'.encode("latin-1")
BASE64 = base64.b64encode(BYTES).decode()
KINDS = {
    "plain": "secret_string",
    "output": "secret_string",
    "config": "secret_string",
    "bytes": "secret_binary",
    "json": "secret_json",
}
"""The resources, and by which argument each has its value."""


@dataclasses.dataclass
class Echo(faults.Refusing):
    """A refusal that repeats the value, by a code that often does or by one that never did."""

    CODES = ("ValidationException", "SomethingNewException")

    def before(self, _aws: Aws, request: Request) -> faults.Answer | None:
        """Answer the error."""
        parameters = request.parameters
        value = parameters.get("SecretString") or parameters.get("SecretBinary")
        code = self.CODES["plain" in str(parameters["SecretId"])]
        raise AwsError(code, f"Value '{value}' failed to satisfy a constraint", 400)


class Holder:
    """What is no value, and shows one."""

    def __init__(self, text: str) -> None:
        """Hold it."""
        self.text = text

    def __repr__(self) -> str:
        return f"Holder({self.text!r})"


def spellings(word: str) -> Iterator[str]:
    """A word as it shows in plain text, in hexadecimal, and inside base64."""
    yield word
    yield word.encode().hex()
    for place in range(3):
        encoded = base64.b64encode(b"x" * place + word.encode()).decode()
        yield encoded[4 if place else 0 : -4]


def leaks(text: str) -> list[str]:
    """What of the canaries is in a text, with what is around it."""
    found = [(spelt, text.find(spelt)) for spelt in spellings(WORD)]
    return [text[max(at - 60, 0) : at + 60] for _, at in found if at >= 0]


def five(mark: str = "", **more: Any) -> Program:
    """A canary in each way in which a value can be given."""

    def program() -> None:
        declare("plain", secret_string=TEXT + mark, **more)
        declare("output", secret_string=pulumi.Output.secret(TEXT + mark), **more)
        held = pulumi.Config().require_secret("canary")
        found = declare("config", secret_string=held.apply(lambda text: text + mark), **more)
        packed = base64.b64encode(BYTES + mark.encode()).decode()
        declare("bytes", secret_string=None, secret_binary=packed, **more)
        inner = {"inner": [pulumi.Output.secret(TEXT + mark)]}
        declare("json", secret_string=None, secret_json=inner, **more)
        pulumi.export("arn", found.arn)

    return program


@pytest.fixture
def story(make_engine: Callable[..., Engine], aws: Aws) -> Story:
    """A stack whose configuration has a secret."""
    return Story(make_engine(config={"canary": auto.ConfigValue(TEXT, secret=True)}), aws)


def clean(story: Story, run: Run | None = None) -> None:
    """Check all that a run left behind."""
    if run:
        assert not leaks(run.output)
        assert not leaks(run.error)
        assert not leaks("\n".join(map(repr, run.events)))
    for path, data in story.engine.files():
        assert not leaks(data.decode("utf-8", "replace")), path


def test_the_search_finds_what_it_looks_for() -> None:
    for place in range(3):
        padded = b"#" * place + TEXT.encode()
        assert leaks(base64.b64encode(padded).decode())
    for text in (TEXT, repr(TEXT), json.dumps(TEXT), BASE64, BYTES.hex(), repr(BYTES)):
        assert leaks(text), text


def test_a_whole_life_leaks_nothing(story: Story, aws: Aws) -> None:
    clean(story, story.preview(five(), diff=True))
    aws.deny("secretsmanager:CreateSecret")
    run = story.up(five(), expect_failure=True, continue_on_error=True)
    assert run.output.count("it needs secretsmanager:CreateSecret") >= len(KINDS)
    clean(story, run)
    aws.allow_everything()
    clean(story, story.up(five(), show_secrets=False))
    for kind, key in KINDS.items():
        state = story.state(kind)
        assert (state["inputs"][key], state["outputs"][key]) == (ENCRYPTED, ENCRYPTED)
        held = aws.secret(f"demo/dev/{kind}").value
        whole = {"bytes": BYTES, "json": json.dumps({"inner": [TEXT]})}
        assert held == whole.get(kind, TEXT), "each arrives unharmed"
    for kind in KINDS:
        aws.put_by_hand(f"demo/dev/{kind}", f"rotated {TEXT}")
    clean(story, story.refresh(diff=True))
    aws.inject(Echo("UpdateSecret", None))
    run = story.up(five("2"), expect_failure=True, continue_on_error=True, diff=True)
    for code in Echo.CODES:
        assert f"refused with {code}" in run.output
    clean(story, run)
    aws.heal()
    clean(story, story.up(five("2"), diff=True))
    clean(story, story.destroy())
    clean(story, story.up(five("3"), diff=True))
    assert aws.secret("demo/dev/bytes").value == BYTES + b"3"
    assert aws.secret("demo/dev/config").value == TEXT + "3"
    assert not leaks(story.engine.cli("stack", "export"))
    for folder in ("history", "backups"):
        assert any(folder in path.parts for path, _ in story.engine.files())


def test_bad_values_leak_nothing(story: Story) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("too long", {"secret_string": TEXT * 2000}, "1 to 65536 bytes"),
        ("no base64", {"secret_binary": BASE64 + "?"}, "must be base64 text"),
        ("bytes", {"secret_string": BYTES}, "must be text"),
        ("an object", {"secret_string": Holder(TEXT)}, "must be text"),
        ("another's fault", {"secret_string": TEXT, "name": 5}, "must be text"),
    ]
    for what, arguments, problem in cases:
        run = story.up(one(**arguments), expect_failure=True)
        clean(story, run)
        assert problem in run.output, what
        assert story.calls == [], what


def test_debug_logs_leak_nothing(story: Story, aws: Aws) -> None:
    """From level 9 on the engine prints every property of every resource: no provider can help."""
    verbose: dict[str, Any] = {
        "log_to_std_err": True,
        "log_verbosity": 8,
        "log_flow": True,
        "debug": True,
    }
    run = story.up(five(), **verbose)
    assert len(run.stderr) > 10_000, "verbose indeed"
    clean(story, run)
    run = story.up(five("2"), **{**verbose, "log_verbosity": 9})
    telling = [line for line in run.output.splitlines() if leaks(line)]
    assert telling
    assert [line for line in telling if "arshaling property for RPC[" not in line] == []
    clean(story)
    assert aws.secret("demo/dev/plain").value == TEXT + "2"
