"""Who comes from pulumi-aws finds all arguments under the names that they know.

The names are those of tests/typing/pulumi_aws, which the example of a migration is checked with.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from recoverable_secrets import Secret

STUB = Path(__file__).parent.parent / "typing" / "pulumi_aws" / "secretsmanager.pyi"
TIES = {"secret_id", "secret_arn"}
"""What ties the split resources together; here there is one."""


def signatures() -> dict[str, list[str]]:
    """Return the arguments of each class, resource name and options left out."""
    found: dict[str, list[str]] = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            (init,) = (one for one in node.body if isinstance(one, ast.FunctionDef))
            found[node.name] = [one.arg for one in init.args.args[3:]]
    return found


SIGNATURES = signatures()


def test_the_list_is_whole() -> None:
    assert {name: len(arguments) for name, arguments in SIGNATURES.items()} == {
        "Secret": 11,
        "SecretVersion": 7,
        "SecretPolicy": 4,
        "SecretRotation": 8,
    }


@pytest.mark.parametrize("kind", SIGNATURES)
def test_every_argument_is_ours_too(kind: str) -> None:
    ours = set(inspect.signature(Secret.__init__).parameters)
    assert set(SIGNATURES[kind]) - ours <= TIES
