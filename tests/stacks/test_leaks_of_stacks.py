"""No value, answer address or credential in what functions log, stacks tell, or ministack shows."""

from __future__ import annotations

import base64
import dataclasses

import pytest

from emulation import Aws, AwsError, Request, faults
from stacks import cloud as clouds
from stacks import stories
from stacks.bundle import bundle_for_this_python
from stacks.cloud import Cloud, Outcome
from stacks.emulator import CREDENTIAL

WORD = "canary-stack-2e8d17"
TEXT = f"He said \"{WORD}\",\nand 'left' \\ for good: ü\t{{}}"
BYTES = base64.b64encode(f'\0\xff{WORD}\r\n"'.encode("latin-1")).decode()
ANSWERS = "/_ministack/cfn-response/"
"""What is in the address to which CloudFormation wants its answer."""


SPEAKING = """
import logging
logging.basicConfig(level="{0}")
logging.log(logging.{0}, "it speaks at {0}")
"""
"""What the runtime does before the function is loaded, where an account sets the level."""


@dataclasses.dataclass
class Echo(faults.Refusing):
    """A refusal that repeats the value."""

    def before(self, _aws: Aws, request: Request) -> faults.Answer | None:
        """Answer the error."""
        given = request.parameters
        value = given.get("SecretString") or given.get("SecretBinary")
        raise AwsError(
            "ValidationException", f"Value '{value}' failed to satisfy a constraint", 400
        )


def spellings() -> list[str]:
    """The canary in plain text and inside base64, and what else is not to be seen."""
    found = [WORD, WORD.encode().hex(), ANSWERS, CREDENTIAL]
    for place in range(3):
        encoded = base64.b64encode(b"x" * place + WORD.encode()).decode()
        found.append(encoded[4 if place else 0 : -4])
    return found


def leaks(text: str) -> list[str]:
    """What of it is in a text, with what is around it."""
    at = [(text.find(one), one) for one in spellings()]
    return [text[max(place - 60, 0) : place + 60] for place, _ in at if place >= 0]


def shown(outcome: Outcome) -> str:
    """All that a stack tells of an operation."""
    return f"{outcome} {outcome.outputs}"


def test_the_search_finds_what_it_looks_for() -> None:
    for place in range(3):
        assert leaks(base64.b64encode(b"#" * place + TEXT.encode()).decode())
    for text in (TEXT, repr(TEXT), BYTES, f"https://localhost{ANSWERS}1", f"key={CREDENTIAL}"):
        assert leaks(text), text


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_a_whole_life_leaks_nothing(cloud: Cloud, level: str) -> None:
    """With parameters that CloudFormation itself does not show; failures included."""
    speaking = bundle_for_this_python({"lambda_handler/__init__.py": SPEAKING.format(level)})
    token = cloud.functions.install(f"speaking-{level}", stories.GENEROUS, speaking)
    told: list[str] = []

    def declared(**more: object) -> dict[str, object]:
        kept = {"token": token, "SecretString": {"Ref": "Value"}}
        template = cloud.template(**{**kept, **more})
        return {**template, "Parameters": {"Value": {"Type": "String", "NoEcho": True}}}

    given = {"parameters": {"Value": TEXT}}
    packed = {"parameters": {"Value": BYTES}}
    as_bytes = {"SecretString": {"Ref": "AWS::NoValue"}, "SecretBinary": {"Ref": "Value"}}
    failed = {"ends": "ROLLBACK_COMPLETE"}
    cloud.aws.inject(Echo("CreateSecret", None))
    told.append(shown(cloud.create("shop", declared(), **given, **failed)))
    cloud.aws.heal()
    cloud.delete("shop")
    for wrong in ({"RecoveryWindowInDays": {"Ref": "Value"}}, {"KmsKeyId": {"Ref": "Value"}}):
        told.append(shown(cloud.create("shop", declared(**wrong), **given, **failed)))
        cloud.delete("shop")
    told.append(shown(cloud.create("shop", declared(), **given)))
    assert cloud.secret().value == TEXT, "it arrives unharmed"
    cloud.aws.inject(Echo(("UpdateSecret", "PutSecretValue"), None))
    undone = {"ends": "UPDATE_ROLLBACK_COMPLETE"}
    told.append(shown(cloud.update("shop", declared(**as_bytes), **packed, **undone)))
    cloud.aws.heal()
    told.append(shown(cloud.delete("shop")))
    told.append(shown(cloud.create("shop", declared(**as_bytes), **packed)))
    told.append(shown(cloud.delete("shop")))
    assert leaks("\n".join(told)) == []
    logs = cloud.logs()
    assert f"it speaks at {level}" in logs
    assert leaks(logs) == []


def test_literals_are_the_templates_own(cloud: Cloud) -> None:
    """A literal value is in the template for all to see; the function adds nothing to it."""
    failing = cloud.template({"Broken": clouds.broken("Secret")}, SecretString=TEXT)
    outcome = cloud.create("shop", failing, ends="ROLLBACK_COMPLETE")
    assert leaks(shown(outcome)) == []
    assert leaks(cloud.logs()) == []


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_a_value_that_the_function_reads_leaks_nowhere(cloud: Cloud, level: str) -> None:
    """Its template holds a name; answers with the value pass through the function only."""
    speaking = bundle_for_this_python({"lambda_handler/__init__.py": SPEAKING.format(level)})
    settings = {"ALLOWED_VALUE_SOURCES": "arn:aws:ssm:*:*:parameter/shared/*"}
    token = cloud.functions.install(f"reading-{level}", settings, speaking)
    told: list[str] = []

    def declared(version: int) -> dict[str, object]:
        place = {"SsmParameter": "/shared/db"}
        return cloud.template(token=token, ValueFrom=place, ValueVersion=version)

    cloud.aws.add_parameter("/shared/db", TEXT)
    told.append(shown(cloud.create("shop", declared(1))))
    assert cloud.secret().value == TEXT, "it arrives unharmed"
    cloud.aws.add_parameter("/shared/db", TEXT + "2")
    cloud.aws.inject(Echo(("UpdateSecret", "PutSecretValue"), None))
    undone = {"ends": "UPDATE_ROLLBACK_COMPLETE"}
    told.append(shown(cloud.update("shop", declared(2), **undone)))
    cloud.aws.heal()
    told.append(shown(cloud.update("shop", declared(3))))
    assert cloud.secret().value == TEXT + "2"
    told.append(shown(cloud.delete("shop")))
    told.append(shown(cloud.create("shop", declared(4))))
    assert leaks("\n".join(told)) == []
    templates = cloud.client("cloudformation").get_template(StackName="shop")
    assert leaks(str(templates["TemplateBody"])) == []
    logs = cloud.logs()
    assert f"it speaks at {level}" in logs
    assert leaks(logs) == []
