"""Tags, resource policies and random passwords: moto's own code, behind the state table."""

from __future__ import annotations

import json

from . import errors
from .context import Context, Operation
from .validation import count_tags
from .wire import Params


def tag(ctx: Context) -> Params:
    """Carry out TagResource: adds tags and changes those it names."""
    added = {entry["Key"]: entry.get("Value", "") for entry in ctx.params.get("Tags") or []}
    count_tags([*(entry["Key"] for entry in ctx.secret.tags or []), *added])
    ctx.shelf.backend.tag_resource(ctx.secret.arn, added)
    return {}


def untag(ctx: Context) -> Params:
    """Carry out UntagResource; a key that is not there is no error."""
    ctx.shelf.backend.untag_resource(ctx.secret.arn, ctx.params.get("TagKeys") or [])
    return {}


def put_policy(ctx: Context) -> Params:
    """Carry out PutResourcePolicy."""
    document = ctx.params["ResourcePolicy"]
    if any(ctx.store.principals.get(one, 0) > ctx.now for one in _principals(document)):
        message = "This resource policy contains an unsupported principal."
        raise errors.malformed_policy(message)
    if ctx.params.get("BlockPublicPolicy") and _is_public(document):
        code = "PublicPolicyException"
        message = "You can't attach this policy: it would give public access to the secret."
        raise errors.AwsError(code, message)
    ctx.shelf.backend.put_resource_policy(ctx.secret.arn, document)
    return ctx.identity


def _statements(document: str) -> list[Params]:
    statements = json.loads(document)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _named(principal: object) -> list[str]:
    """Return the AWS principals of one Principal or NotPrincipal; "*" is everybody."""
    aws = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return [aws] if isinstance(aws, str) else list(aws or [])  # type: ignore[call-overload]


def _principals(document: str) -> list[str]:
    return [
        one
        for entry in _statements(document)
        for member in ("Principal", "NotPrincipal")
        for one in _named(entry.get(member))
    ]


def _is_public(document: str) -> bool:
    return any(
        entry.get("Effect") == "Allow"
        and "*" in _named(entry.get("Principal"))
        and not entry.get("Condition")
        for entry in _statements(document)
    )


def get_policy(ctx: Context) -> Params:
    """Carry out GetResourcePolicy; no ResourcePolicy in the answer when there is none."""
    policy = {"ResourcePolicy": ctx.secret.policy} if ctx.secret.policy else {}
    return {**ctx.identity, **policy}


def delete_policy(ctx: Context) -> Params:
    """Carry out DeleteResourcePolicy; it succeeds when there is none."""
    ctx.shelf.backend.delete_resource_policy(ctx.secret.arn)
    return ctx.identity


def validate_policy(_ctx: Context) -> Params:
    """Carry out ValidateResourcePolicy; every document that is JSON passes."""
    return {"PolicyValidationPassed": True, "ValidationErrors": []}


def random_password(ctx: Context) -> Params:
    """Carry out GetRandomPassword."""
    params = ctx.params
    answer: Params = json.loads(
        ctx.shelf.backend.get_random_password(
            password_length=params.get("PasswordLength", 32),
            exclude_characters=params.get("ExcludeCharacters", ""),
            exclude_numbers=params.get("ExcludeNumbers", False),
            exclude_punctuation=params.get("ExcludePunctuation", False),
            exclude_uppercase=params.get("ExcludeUppercase", False),
            exclude_lowercase=params.get("ExcludeLowercase", False),
            include_space=params.get("IncludeSpace", False),
            require_each_included_type=params.get("RequireEachIncludedType", True),
        )
    )
    return answer


OPERATIONS: dict[str, Operation] = {
    "DeleteResourcePolicy": delete_policy,
    "GetRandomPassword": random_password,
    "GetResourcePolicy": get_policy,
    "PutResourcePolicy": put_policy,
    "TagResource": tag,
    "UntagResource": untag,
    "ValidateResourcePolicy": validate_policy,
}
