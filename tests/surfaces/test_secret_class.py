"""`Secret` as programs use it: its arguments, what it hands to the engine, what it looks like."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import re
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import recoverable_secrets
from recoverable_secrets import dynamic
from recoverable_secrets.core import parse
from recoverable_secrets.core.fields import traits
from recoverable_secrets.core.model import FIELDS
from recoverable_secrets.stores import limits
from surfaces import registered
from surfaces.held import CANARY, GOLDEN

Secret = dynamic.Secret
PROPERTIES = (
    *("arn", "name", "region", "owner", "description", "type", "kms_key_id", "tags", "tags_all"),
    *("replicas", "policy", "rotation_enabled", "rotation_lambda_arn", "rotation_rules"),
    *("version_stages", "version_id", "restored"),
)
VALUES = {"secret_string", "secret_binary", "secret_json", "secret_string_wo"}
"""What is always handed over as a secret."""


def arguments() -> list[str]:
    """Return all names of arguments, aliases behind what they mean."""
    return [
        known
        for name, info in FIELDS.items()
        for known in (name, *(a for a in traits(info).aliases if a != METADATA))
    ]


METADATA = "external_secret_rotation_metadata"
"""CloudFormation's name of an argument; pulumi-aws has the plural only."""


# its arguments ------------------------------------------------------------------------------------


def test_every_field_of_the_model_is_an_argument() -> None:
    _, resource_name, opts, *rest = inspect.signature(Secret.__init__).parameters.values()
    assert (resource_name.name, resource_name.default) == ("resource_name", inspect.Parameter.empty)
    assert (opts.name, opts.default) == ("opts", None)
    assert [argument.name for argument in rest] == arguments(), "in the reference's order"
    for argument in rest:
        assert argument.kind is inspect.Parameter.KEYWORD_ONLY, argument.name
        assert argument.default is None, f"{argument.name}: defaults are the model's business"
        assert "pulumi.Input[" in str(argument.annotation), f"{argument.name} takes outputs"


def test_every_argument_is_documented() -> None:
    text = inspect.getdoc(Secret.__init__) or ""
    documented = re.findall(r"^    (\w+): \S", text[text.index("Args:") :], re.MULTILINE)
    assert documented == ["resource_name", "opts", *arguments()]


def test_every_property_is_documented_and_exists() -> None:
    body = ast.parse(textwrap.dedent(inspect.getsource(Secret))).body[0]
    assert isinstance(body, ast.ClassDef)
    documented = [
        node.target.id
        for node, after in zip(body.body, body.body[1:], strict=False)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    ]
    assert documented == list(PROPERTIES) == list(Secret.__annotations__)

    def program() -> dict[str, Any]:
        secret = Secret("db")
        found = {name: getattr(secret, name) for name in PROPERTIES}
        assert all(isinstance(each, pulumi.Output) for each in found.values())
        return found

    told = registered.run(program).returned
    assert told == {**dict.fromkeys(PROPERTIES), **registered.OUTPUTS}


# what importing loads -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        pytest.param("import recoverable_secrets", [], id="the package alone"),
        pytest.param("from recoverable_secrets import __version__", [], id="its version"),
        pytest.param("from recoverable_secrets import resource, engine", [], id="the functions"),
        pytest.param(
            "from recoverable_secrets import resource\n"
            "i = {'default_name': 'n', 'default_owner': 'o'}\n"
            "assert resource.check(i, (), first=True, say=print) == ()\n"
            "assert resource.diff({**i, 'owner': 'o', 'name': 'n'}, i, ()) == (False, [])",
            [],
            id="check and diff, which every preview runs",
        ),
        pytest.param("from recoverable_secrets import Secret", ["pulumi"], id="Secret, lazily"),
        pytest.param(
            "import recoverable_secrets.stores.aws", ["boto3", "botocore"], id="the store"
        ),
    ],
)
def test_what_importing_loads(code: str, loaded: list[str]) -> None:
    probe = "\nimport sys; print([m for m in ('boto3', 'botocore', 'pulumi') if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code + probe], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(loaded)


def test_the_package_gives_the_classes_and_nothing_else() -> None:
    assert recoverable_secrets.Secret is Secret
    assert set(recoverable_secrets.__all__) == {"AccessAlarm", "Secret", "__version__"}
    with pytest.raises(AttributeError, match="has no attribute 'Secrets'"):
        _ = recoverable_secrets.Secrets


# what it hands over -------------------------------------------------------------------------------


def test_what_is_declared_is_handed_over(bare: None) -> None:
    tags = {"team": "a"}

    def program() -> None:
        Secret("db", name="n", tags=tags, timeout=9, force_delete_without_recovery=False)

    run = registered.run(program)
    assert run.inputs() == {
        "name": "n",
        "tags": tags,
        "timeout": 9,
        "force_delete_without_recovery": False,
        "default_name": "shop/dev/db",
        "default_owner": dynamic.default_owner(run_urn()),
    }
    assert run.requests[0].object.fields["__provider"].string_value == GOLDEN
    assert tags == {"team": "a"}, "the caller's own mapping stays as it is"


def run_urn(types: str = "", name: str = "db") -> str:
    return f"urn:pulumi:dev::shop::{types}pulumi-python:dynamic/recoverable-secrets:Secret::{name}"


@pytest.mark.parametrize("field", ["secret_string", "secret_binary", "secret_string_wo"])
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda text: text, id="plain"),
        pytest.param(pulumi.Output.from_input, id="an output"),
        pytest.param(pulumi.Output.secret, id="a secret"),
        pytest.param(lambda text: pulumi.Output.secret(text).apply(str), id="made of a secret"),
        pytest.param(
            lambda text: pulumi.Output.unsecret(pulumi.Output.secret(text)), id="unsecret"
        ),
    ],
)
@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_a_value_is_always_a_secret(
    field: str, wrap: Callable[[str], Any], *, preview: bool
) -> None:
    run = registered.run(lambda: Secret("db", **{field: wrap(CANARY)}), preview=preview)
    assert registered.plain(run.inputs()[field]) == CANARY
    assert set(run.requests[0].additionalSecretOutputs) == VALUES


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda whole: whole, id="plain"),
        pytest.param(pulumi.Output.from_input, id="an output"),
        pytest.param(lambda whole: {k: pulumi.Output.secret(v) for k, v in whole.items()}, id="in"),
    ],
)
def test_a_mapping_is_a_secret_as_a_whole(wrap: Callable[[Any], Any], *, preview: bool) -> None:
    """Its keys too: which accounts there are may be nobody's business."""
    given = {"password": CANARY, "port": 5432, "inner": {"hosts": ["a", None, True]}}
    run = registered.run(lambda: Secret("db", secret_json=wrap(given)), preview=preview)
    assert registered.plain(run.inputs()["secret_json"]) == given


UNSAID: list[Any] = [
    CANARY.encode(),
    {"password": CANARY},
    {"password": object(), CANARY: CANARY},
    [CANARY, {CANARY}],
    type("Odd", (), {"__repr__": lambda _: CANARY})(),
]


@pytest.mark.parametrize(
    "field", ["secret_string", "secret_binary", "secret_json", "secret_string_wo"]
)
@pytest.mark.parametrize("value", UNSAID, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("wrap", [lambda v: v, pulumi.Output.from_input], ids=["plain", "output"])
def test_a_value_of_the_wrong_type_is_refused_and_not_shown(
    field: str, value: Any, wrap: Callable[[Any], Any]
) -> None:
    """The SDK would print what it cannot send, before any check of ours could run."""
    run = registered.run(lambda: Secret("db", **{field: wrap(value)}), expect_failure=True)
    if run.failure is not None:
        shown = "".join(traceback.format_exception(run.failure))
        assert CANARY not in shown
        return
    sent = registered.plain(run.inputs()[field])
    if (field, value) == ("secret_json", UNSAID[1]):
        return  # A mapping of text is what this one takes.
    assert CANARY not in json.dumps(sent)
    problems = dynamic.SecretProvider().check({}, {**run.inputs(), field: sent}).failures
    assert problems, "refused before anything is created"
    assert CANARY not in str([problem.reason for problem in problems])


def test_a_value_that_is_none_is_none() -> None:
    run = registered.run(lambda: Secret("db", secret_string=pulumi.Output.from_input(None)))
    assert not run.inputs().get("secret_string", {}).get("value"), "as if not declared"
    assert "secret_binary" not in run.inputs()


def test_the_callers_options_are_kept() -> None:
    def program() -> pulumi.ResourceOptions:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["tags"], protect=True)
        Secret("db", opts, description="d")
        return opts

    run = registered.run(lambda: [program().additional_secret_outputs])
    request = run.requests[0]
    assert set(request.additionalSecretOutputs) == {"tags", *VALUES}
    assert request.protect
    assert run.returned == [["tags"]], "not changed behind the caller's back"


class Component(pulumi.ComponentResource):
    """What people put secrets into."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shop:web:Server", name, None, opts)


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_a_child_is_named_by_its_parents(*, preview: bool) -> None:
    def program() -> None:
        outer = Component("outer")
        inner = Component("inner", pulumi.ResourceOptions(parent=outer))
        Secret("db", pulumi.ResourceOptions(parent=inner))

    run = registered.run(program, preview=preview)
    inputs = run.inputs()
    urn = run_urn("shop:web:Server$shop:web:Server$")
    assert inputs["default_name"] == "shop/dev/shop.web.Server/shop.web.Server/db"
    assert inputs["default_owner"] == dynamic.default_owner(urn)
    fields = run.requests[-1].propertyDependencies
    assert not fields["default_owner"].urns, "a dependency on the parent would be a circle"


def test_get_reads_and_manages_nothing() -> None:
    def program() -> pulumi.Output[str]:
        opts = pulumi.ResourceOptions(protect=True)
        return Secret.get("db", "shop/dev/db", opts, region="eu-west-1", profile="p").arn

    run = registered.run(program)
    request = run.requests[0]
    assert (request.id, run.returned) == ("shop/dev/db", registered.ARN)
    assert run.inputs() == {
        "lookup": True,
        "region": "eu-west-1",
        "profile": "p",
        "default_name": "shop/dev/db",
        "default_owner": dynamic.default_owner(run_urn()),
    }
    assert not registered.run(lambda: Secret("db")).inputs().get("lookup")


def test_two_resources_of_one_name_and_kind_of_parent() -> None:
    """Two components of one type: their children's URNs say the type only, so names must differ."""

    def program() -> None:
        for name in ("a", "b"):
            parent = pulumi.ResourceOptions(parent=Component(name))
            Secret(f"{name}-db", parent)

    ran = registered.run(program)  # Once: which of the two is registered first, is not told.
    inputs = [ran.inputs(index) for index in (-1, -2)]
    for each in ("default_name", "default_owner"):
        assert inputs[0][each] != inputs[1][each]


def test_its_repr_shows_no_value() -> None:
    shown: list[str] = []

    def program() -> None:
        packed = base64.b64encode(CANARY.encode()).decode()
        secret = Secret("db", secret_string=CANARY, secret_binary=packed)
        for each in (secret, *(getattr(secret, name) for name in PROPERTIES)):
            shown.extend([repr(each), str(each), f"{each}"])

    registered.run(program)
    assert len(shown) == 3 * (1 + len(PROPERTIES))
    assert not any(CANARY in text for text in shown)


def test_default_names_are_fit_for_aws() -> None:
    assert list(parse.name_problems(dynamic.default_name(run_urn()), limits.AWS)) == []
