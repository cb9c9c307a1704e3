"""From a resource's properties to the model, and what the installation allows of it.

CloudFormation sends every scalar as text, nested ones too. What is accepted, and all limits, are
declared once, in the model; here stands only what is different for a function that many share.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets import cloudformation
from recoverable_secrets.core import errors, fields, parse, rotation
from recoverable_secrets.core.model import FIELDS, Declaration, Spec, listed
from recoverable_secrets.core.policy import (
    Adopt,
    Deletion,
    OnRecreate,
    OnValueDrift,
    PreviousVersion,
)
from recoverable_secrets.core.references import ValueFrom
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
        value_sources: Patterns of the ARNs of parameters and secrets that may be read.
        rotation_functions: Patterns of the ARNs of functions, and of external partners' roles,
            that may rotate a value.
        public_policy: Whether a resource policy may let everyone in.
        home: Partition, region and account of the function; `None` if they are not known.
    """

    name_prefix: str = ""
    force: bool = False
    adopt: Adopt = Adopt.NO
    value_sources: tuple[str, ...] = ()
    rotation_functions: tuple[str, ...] = ()
    public_policy: bool = False
    home: tuple[str, str, str] | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], function: str = "") -> Installation:
        """Return what the function's environment variables say.

        Args:
            environment: The variables.
            function: The function's own ARN, which tells where names are looked up.

        Raises:
            InvalidInput: One of them says something else than the template lets it say.
        """
        force = environment.get("ALLOW_FORCE_DELETE", "").lower()
        public = environment.get("ALLOW_PUBLIC_POLICY", "").lower()
        adopt = environment.get("ALLOW_ADOPT", "").lower()
        adopt = _ADOPTION.get(adopt, adopt)
        if {force, public} - _YES_OR_NO.keys() or adopt not in set(Adopt):
            problem = (
                "the function's ALLOW_FORCE_DELETE and ALLOW_PUBLIC_POLICY must be yes or no, and "
                "its ALLOW_ADOPT no, unowned or any: install it anew from its template"
            )
            raise errors.InvalidInput([problem])
        parts = function.split(":")
        return cls(
            name_prefix=environment.get("NAME_PREFIX", ""),
            force=_YES_OR_NO[force],
            adopt=Adopt(adopt),
            value_sources=_patterns(
                environment, "ALLOWED_VALUE_SOURCES", ("ssm", "secretsmanager")
            ),
            rotation_functions=_patterns(
                environment, "ALLOWED_ROTATION_FUNCTIONS", ("lambda", "iam")
            ),
            public_policy=_YES_OR_NO[public],
            home=(parts[1], parts[3], parts[4]) if len(parts) > _ACCOUNT else None,
        )


_ACCOUNT = 4
_PARTS = 6
_PATTERN = re.compile(r"arn:[a-z0-9*?-]+:([a-z]+):[a-z0-9*?-]*:[0-9*?]*:[A-Za-z0-9_+=,.@:/*?$!-]+")


def _patterns(
    environment: Mapping[str, str], variable: str, services: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the patterns that a variable lists.

    Raises:
        InvalidInput: One of them is no pattern of an ARN of these services.
    """
    patterns = [each.strip() for each in environment.get(variable, "").split(",") if each.strip()]
    for each in patterns:
        found = _PATTERN.fullmatch(each)
        if not found or found[1] not in services:
            problem = (
                f"the function's {variable} must list patterns of ARNs of {' or '.join(services)}, "
                "with commas between them: install it anew from its template"
            )
            raise errors.InvalidInput([problem])
    return tuple(patterns)


_PLAIN = re.compile(r"[A-Za-z0-9/_+=.@:!$-]*(-\?{6})?")
"""What an ARN consists of; a name's unknown ending stands as question marks."""


def _allows(patterns: Iterable[str], arn: str | None) -> bool:
    """Whether one of the patterns allows an ARN.

    A pattern is compared part by part, of which an ARN has six with a colon between them. In the
    pattern alone, `*` stands for any characters of its part and `?` for one: so no star reaches
    into another account or region, and letters are compared as they are written. A path with `.`
    or `..` in it is never allowed.
    """
    given = (arn or "").split(":", _PARTS - 1)
    if not _PLAIN.fullmatch(arn or ""):
        return False  # In a rollback nothing else has looked at it.
    if len(given) < _PARTS or {".", ".."} & set(re.split("[:/]", given[-1])):
        return False
    return any(
        all(map(fnmatch.fnmatchcase, given, pattern.split(":", _PARTS - 1))) for pattern in patterns
    )


def _source(reference: ValueFrom, home: tuple[str, str, str] | None) -> str | None:
    """Return the ARN that a reference means, `None` if the function must not read it.

    A name means the function's own account and region. The end of a secret's ARN is not known
    then: question marks stand for it, which only wildcards of a pattern allow. A version or label
    behind a parameter's name makes no difference.
    """
    service, given = "ssm", reference.ssm_parameter
    if reference.secret is not None:
        service, given = "secretsmanager", reference.secret
    if len(reference.places) != 1 or given is None:
        return None
    if given.startswith("arn:"):
        *head, resource = given.split(":", _PARTS - 1)
        kind = "secret:" if service == "secretsmanager" else "parameter/"
        right = len(head) == _PARTS - 1 and head[2] == service and resource.startswith(kind)
        selected = resource if service == "secretsmanager" else resource.partition(":")[0]
        return ":".join([*head, selected]) if right else None
    if home is None:
        return None
    partition, region, account = home
    resource = f"parameter/{given.partition(':')[0].removeprefix('/')}"
    if service == "secretsmanager":
        resource = f"secret:{given}-??????"
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


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
    known = _known(own)
    if stack_tags:
        known["Tags"] = _with_tags_of_stack(known.get("Tags"), stack_tags)
    try:
        declaration = parse.parse(
            known,
            limits.AWS,
            spelling=fields.pascal,
            allowed=_FIELDS,
            elsewhere=cloudformation.PARTS_ELSEWHERE,
            region=allowed.home[1] if allowed.home else None,
        )
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
    return parse.recall(_known(given), fields.pascal)


def _known(given: Properties) -> dict[str, Any]:
    """Return the properties that there are, by either of their names."""
    names = cloudformation.PROPERTIES.keys() | cloudformation.ALIASES.keys()
    return {name: content for name, content in given.items() if name in names}


def within(declaration: Declaration, allowed: Installation) -> Declaration:
    """Return the declaration without what is not allowed."""
    policy, spec = dict[str, Any](), dict[str, Any]()
    if declaration.policy.force and not allowed.force:
        policy = {"force_delete_without_recovery": False, "deletion": Deletion.SCHEDULE}
    if not allowed.force:
        policy["force_overwrite_replica_secret"] = False
    if _exceeds(declaration.policy.adopt, allowed):
        policy["adopt"] = Adopt.NO
    if not _reads(declaration.spec, allowed):
        spec |= dict.fromkeys(("value_from", "value_version"))
    if not _rotates(declaration.spec, allowed):
        spec |= dict.fromkeys(rotation.FIELDS)
    if not allowed.public_policy:
        spec["block_public_policy"] = True
    return declaration.model_copy(
        update={
            "policy": declaration.policy.model_copy(update=policy),
            "spec": declaration.spec.model_copy(update=spec),
        }
    )


def _reads(spec: Spec, allowed: Installation) -> bool:
    """Whether a value may be read from where it is declared to be, if it is."""
    reference = spec.value_from
    return reference is None or _allows(allowed.value_sources, _source(reference, allowed.home))


def _rotates(spec: Spec, allowed: Installation) -> bool:
    """Whether the value may be rotated by those that are declared to, if there are any."""
    rotators = (spec.rotation_lambda_arn, spec.external_secret_rotation_role_arn)
    return all(_allows(allowed.rotation_functions, each) for each in rotators if each is not None)


def _exceeds(adopt: Adopt, allowed: Installation) -> bool:
    return _REACH.index(adopt) > _REACH.index(allowed.adopt)


_FIELDS = frozenset(cloudformation.PROPERTIES.values())


_ENUMS = (Deletion, OnRecreate, Adopt, OnValueDrift, PreviousVersion)
_CHOICES = {str(each) for kind in _ENUMS for each in kind}
_NAMED = re.compile(
    r"\bset ({name}) to\b|\b(?:in|correct) (value_from)$|"
    r"\b({name})(?= (?:is|=) (?:{choice})\b)".format(
        name="|".join(FIELDS), choice="|".join(_CHOICES)
    )
)


_ADVICE = {
    "the credentials in use": "the function's role",
    "or set a longer timeout": "with a longer ServiceTimeout if there is a shorter one",
    "Set region to that one, or promote": "Declare it there, or promote",
    # A stack whose deletion has failed can only be deleted again.
    "or set refuse_deletion_if_accessed_within to less and deploy first": "or use RetainResources: "
    "RefuseDeletionIfAccessedWithin is set",
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
    names = (*cloudformation.PROPERTIES, *cloudformation.ALIASES)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=2, cutoff=0.65)
            hint = f"did you mean {' or '.join(near)}?" if near else "remove it"
            yield f"{errors.short(str(name))} is no property of {cloudformation.TYPE}: {hint}"


def _unresolved(given: Properties) -> Iterator[str]:
    """Yield values that CloudFormation has left as a reference: they would be stored as such."""
    for name, field in cloudformation.PROPERTIES.items():
        if fields.traits(FIELDS[field]).sensitive and "{{resolve:" in str(given.get(name)):
            yield (
                f"{name} holds a dynamic reference that CloudFormation did not resolve, as it does "
                "not for ssm-secure here: use ValueFrom, a NoEcho parameter or GenerateSecretString"
            )


def _with_tags_of_stack(own: object, stack_tags: Mapping[str, str]) -> object:
    """Return both, the resource's first; what is malformed stays so, to be refused."""
    pairs = listed(own) if isinstance(own, list) else own
    if pairs is None and own is None:
        return dict(stack_tags)
    return {**stack_tags, **pairs} if isinstance(pairs, Mapping) else own


def name_problems(name: str, allowed: Installation, shown: str = "Name") -> Iterator[str]:
    """Yield what is wrong with a name, or its beginning, for this installation."""
    if not name.startswith(allowed.name_prefix):
        yield (
            f"{shown} must begin with {errors.short(allowed.name_prefix, 80)}, the NamePrefix of "
            "this installation: change it, or leave it out"
        )


def _forbidden(declaration: Declaration, allowed: Installation) -> Iterator[str]:
    """Yield what this installation of the function does not do for anyone."""
    spec, policy = declaration.spec, declaration.policy
    yield from name_problems(spec.name or allowed.name_prefix, allowed)
    yield from name_problems(spec.name_prefix or allowed.name_prefix, allowed, "NamePrefix")
    if policy.force and not allowed.force:
        yield (
            "deletion by force is not allowed by this installation (AllowForceDelete is no): "
            "leave it out; the secret is then scheduled and can be restored"
        )
    if policy.force_overwrite_replica_secret and not allowed.force:
        yield (
            "ForceOverwriteReplicaSecret is not allowed by this installation (AllowForceDelete is "
            "no): leave it out, and remove what is in the replica's way"
        )
    if _exceeds(policy.adopt, allowed):
        yield (
            f"Adopt = {policy.adopt} is not allowed by this installation (AllowAdopt is "
            f"{allowed.adopt}): leave it out, or use another name"
        )
    if not _reads(spec, allowed):
        yield (
            "what ValueFrom names is not among the AllowedValueSources of this installation: use "
            "another one, or have a pattern of its ARN added there"
        )
    if not _rotates(spec, allowed):
        yield (
            "what RotationLambdaARN or ExternalSecretRotationRoleArn names is not among the "
            "AllowedRotationFunctions of this installation: use another one, or have a pattern of "
            "its ARN added there"
        )
    if not (spec.block_public_policy or allowed.public_policy):
        yield (
            "BlockPublicPolicy = false is not allowed by this installation (AllowPublicPolicy is "
            "no): leave it out"
        )
