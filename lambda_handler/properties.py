"""From a resource's properties to the model, and what the installation allows of it.

CloudFormation sends every scalar as text, nested ones too. What is accepted, and all limits, are
declared once, in the model; here stands only what is different for a function that many share.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets import cloudformation
from recoverable_secrets.core import errors, fields, parse
from recoverable_secrets.core.model import FIELDS, Declaration, listed
from recoverable_secrets.core.policy import Adopt, Deletion, OnRecreate, OnValueDrift
from recoverable_secrets.stores import limits

Properties = Mapping[str, Any]

_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False, "": False}
_ADOPTION = {"": "no", "false": "no", "yes": "any", "true": "any"}
_REACH = (Adopt.NO, Adopt.UNOWNED, Adopt.ANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the account's owner allows all stacks; nothing that destroys or takes, by default.

    Attributes:
        name_prefix: How every name must begin.
        force: Whether deletion without recovery may be declared.
        adopt: How far `Adopt` may go.
    """

    name_prefix: str = ""
    force: bool = False
    adopt: Adopt = Adopt.NO

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Installation:
        """Return what the function's environment variables say.

        Raises:
            InvalidInput: One of them says something else than the template lets it say.
        """
        force = environment.get("ALLOW_FORCE_DELETE", "").lower()
        adopt = environment.get("ALLOW_ADOPT", "").lower()
        adopt = _ADOPTION.get(adopt, adopt)
        if force not in _YES_OR_NO or adopt not in set(Adopt):
            problem = (
                "the function's ALLOW_FORCE_DELETE must be yes or no, and its ALLOW_ADOPT no, "
                "unowned or any: install it anew from its template"
            )
            raise errors.InvalidInput([problem])
        return cls(
            name_prefix=environment.get("NAME_PREFIX", ""),
            force=_YES_OR_NO[force],
            adopt=Adopt(adopt),
        )


def declared(
    given: Properties, allowed: Installation, stack_tags: Mapping[str, str] | None = None
) -> Declaration:
    """Return the declaration that a resource's properties make.

    Args:
        given: ResourceProperties, as the event has them.
        allowed: What the installation allows.
        stack_tags: Tags of the stack, which the resource's own override.

    Raises:
        InvalidInput: With every problem found, none of which shows what was given.
    """
    own = {name: content for name, content in given.items() if name not in cloudformation.OWN}
    problems = [*_strangers(own), *_unresolved(own)]
    known = {name: content for name, content in own.items() if name in cloudformation.PROPERTIES}
    if stack_tags:
        known["Tags"] = _with_tags_of_stack(known.get("Tags"), stack_tags)
    try:
        declaration = parse.parse(known, limits.AWS, spelling=fields.pascal, allowed=_FIELDS)
    except errors.InvalidInput as failure:
        found = [*problems, *failure.problems]
        if stack_tags:
            found = [each.replace("Tags has", "Tags, the stack's included, has") for each in found]
        raise errors.InvalidInput(found) from None
    problems += _forbidden(declaration, allowed)
    if problems:
        raise errors.InvalidInput(problems)
    return declaration


def recalled(given: Properties) -> Declaration:
    """Return the declaration that properties made once, without what is not understood.

    Raises nothing: bad properties must never keep a resource from being deleted.
    """
    return parse.recall(
        {field: given[name] for name, field in cloudformation.PROPERTIES.items() if name in given}
    )


def within(declaration: Declaration, allowed: Installation) -> Declaration:
    """Return the declaration without the force and the adoption that are not allowed."""
    policy, changes = declaration.policy, dict[str, Any]()
    if policy.force and not allowed.force:
        changes = {"force_delete_without_recovery": False, "deletion": Deletion.SCHEDULE}
    if _exceeds(policy.adopt, allowed):
        changes["adopt"] = Adopt.NO
    return declaration.model_copy(update={"policy": policy.model_copy(update=changes)})


def _exceeds(adopt: Adopt, allowed: Installation) -> bool:
    return _REACH.index(adopt) > _REACH.index(allowed.adopt)


_FIELDS = frozenset(cloudformation.PROPERTIES.values())


_CHOICES = {str(each) for kind in (Deletion, OnRecreate, Adopt, OnValueDrift) for each in kind}
_NAMED = re.compile(
    r"\bset ({name}) to\b|\b({name})(?= (?:is|=) (?:{choice})\b)".format(
        name="|".join(FIELDS), choice="|".join(_CHOICES)
    )
)


_ADVICE = {
    "the credentials in use": "the function's role",
    "or set a longer timeout": "with a longer ServiceTimeout if there is a shorter one",
    "Set region to that one, or promote": "Declare it there, or promote",
}
"""What people can do, where templates offer another way than programs."""


def spelt(text: str) -> str:
    """Return a text of the core with fields as CloudFormation spells them, and names as they are.

    >>> spelt("on_recreate is fail: set adopt to any")
    'OnRecreate is fail: set Adopt to any'
    """
    for ours, theirs in _ADVICE.items():
        text = text.replace(ours, theirs)

    def pascal(found: re.Match[str]) -> str:
        name = next(filter(None, found.groups()))
        return found.group().replace(name, fields.pascal(name))

    return _NAMED.sub(pascal, text)


def _strangers(given: Properties) -> Iterator[str]:
    names = (*cloudformation.PROPERTIES, *cloudformation.NOT_YET)
    for name in given:
        if name in cloudformation.NOT_YET:
            yield f"{name} is not supported yet: remove it, or keep the native type for now"
        elif name not in cloudformation.PROPERTIES:
            near = difflib.get_close_matches(str(name), names, n=2, cutoff=0.65)
            hint = f"did you mean {' or '.join(near)}?" if near else "remove it"
            yield f"{errors.short(str(name))} is no property of {cloudformation.TYPE}: {hint}"


def _unresolved(given: Properties) -> Iterator[str]:
    """Yield values that CloudFormation has left as a reference: they would be stored as such."""
    for name in ("SecretString", "SecretBinary"):
        content = given.get(name)
        if isinstance(content, str) and "{{resolve:" in content:
            yield (
                f"{name} holds a dynamic reference that CloudFormation did not resolve, as it does "
                "not for ssm-secure here: use a NoEcho parameter or GenerateSecretString"
            )


def _with_tags_of_stack(own: object, stack_tags: Mapping[str, str]) -> object:
    """Return both, the resource's first; what is malformed stays so, to be refused."""
    pairs = listed(own) if isinstance(own, list) else own
    if pairs is None and own is None:
        return dict(stack_tags)
    return {**stack_tags, **pairs} if isinstance(pairs, Mapping) else own


def name_problems(name: str, allowed: Installation) -> Iterator[str]:
    """Yield what is wrong with a name for this installation, wherever it comes from."""
    if not name.startswith(allowed.name_prefix):
        yield (
            f"Name must begin with {errors.short(allowed.name_prefix, 80)}, the NamePrefix of this "
            "installation: change it, or leave it out"
        )


def _forbidden(declaration: Declaration, allowed: Installation) -> Iterator[str]:
    """Yield what this installation of the function does not do for anyone."""
    name, policy = declaration.spec.name, declaration.policy
    yield from name_problems(name or allowed.name_prefix, allowed)
    if policy.force and not allowed.force:
        yield (
            "deletion by force is not allowed by this installation (AllowForceDelete is no): "
            "leave it out; the secret is then scheduled and can be restored"
        )
    if _exceeds(policy.adopt, allowed):
        yield (
            f"Adopt = {policy.adopt} is not allowed by this installation (AllowAdopt is "
            f"{allowed.adopt}): leave it out, or use another name"
        )
