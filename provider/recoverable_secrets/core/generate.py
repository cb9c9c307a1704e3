"""A value that nobody chose: what it may look like, and how it is drawn.

The parameters mean what they mean to CloudFormation's own secrets. A password is drawn so that
all passwords that the parameters allow are equally likely. Randomness comes in as an argument.
"""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict

from . import fields
from .fields import Spelling, field
from .sealed import Sealed

Below = Callable[[int], int]
"""Returns a number from 0 to below its argument, each equally likely, such as
`secrets.randbelow`; the argument may be very large."""

_KINDS: Mapping[str, str] = {
    "exclude_lowercase": string.ascii_lowercase,
    "exclude_uppercase": string.ascii_uppercase,
    "exclude_numbers": string.digits,
    "exclude_punctuation": string.punctuation,
}
"""The kinds of characters, by the switch that excludes one. A space is allowed or not, but never
required, and so is none of them."""

_MOST_EXCLUDED = 4096
_BLANK = " \t\n\r"


class Generate(BaseModel):
    """How a value is generated: the parameters of CloudFormation's GenerateSecretString. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret_string_template: fields.Text | None = field(
        None,
        "A JSON object to put the password into, under the key. Default: no object; the value is "
        "the password alone.",
    )
    generate_string_key: fields.Text | None = field(
        None,
        "Key of the password in the template's object, which must not have it yet. Goes with the "
        "template.",
    )
    password_length: fields.Whole = field(
        32, "Characters of the password, 1 to 4096.", minimum=1, maximum=4096
    )
    exclude_characters: fields.Text | None = field(
        None, "Characters that the password must not have, as one text."
    )
    exclude_lowercase: fields.Truth = field(False, "No lowercase letters.")
    exclude_uppercase: fields.Truth = field(False, "No uppercase letters.")
    exclude_numbers: fields.Truth = field(False, "No digits.")
    exclude_punctuation: fields.Truth = field(
        False, "No punctuation: no ASCII but letters, digits and spaces."
    )
    include_space: fields.Truth = field(False, "Spaces may be in the password.")
    require_each_included_type: fields.Truth = field(
        True,
        "At least one character of each kind that is not excluded: lowercase letters, uppercase "
        "letters, digits, punctuation.",
    )


def generate(parameters: Generate, below: Below) -> Sealed:
    """Return a new value.

    Args:
        parameters: What it should be like; `problems()` finds nothing wrong with them.
        below: The source of randomness.
    """
    return Sealed(_filled(parameters, _password(parameters, below)))


def problems(
    parameters: Generate, spelling: Spelling, unsure: Collection[str] = ()
) -> Iterator[str]:
    """Yield what makes no value although each parameter alone is right.

    Args:
        parameters: What is declared.
        spelling: How the surface spells a parameter's name.
        unsure: Parameters that were given but not understood, so that nothing follows from them.
    """
    if not {"secret_string_template", "generate_string_key"} & set(unsure):
        yield from _template_problems(parameters, spelling)
    excluded = parameters.exclude_characters or ""
    if len(excluded) > _MOST_EXCLUDED:
        yield f"{spelling('exclude_characters')} must have at most {_MOST_EXCLUDED} characters"
    if not {*_KINDS, "exclude_characters", "include_space"} & set(unsure):
        yield from _character_problems(parameters, spelling, unsure)


def _template_problems(parameters: Generate, spelling: Spelling) -> Iterator[str]:
    text, key = parameters.secret_string_template, parameters.generate_string_key
    template, name = spelling("secret_string_template"), spelling("generate_string_key")
    if (text is None) is not (key is None):
        yield f"{template} and {name} need each other: declare both, or none for the password alone"
    if key == "":
        yield f"{name} must have at least one character"
    content = {} if text is None else _content(text)
    if content is None:
        yield f'{template} must be the text of a JSON object, such as {{"username": "app"}}'
    elif key in content:
        yield f"{template} has the key of {name} already: the password goes there; remove the key"


def _character_problems(
    parameters: Generate, spelling: Spelling, unsure: Collection[str]
) -> Iterator[str]:
    kinds = _kinds(parameters)
    if not _alphabet(parameters):
        yield f"all characters are excluded: allow some, such as by {spelling('include_space')}"
        return
    each = spelling("require_each_included_type")
    if "require_each_included_type" in unsure or not parameters.require_each_included_type:
        return
    for switch, characters in kinds.items():
        if not characters:
            yield (
                f"{spelling('exclude_characters')} leaves nothing of a required kind: set "
                f"{spelling(switch)} to true as well, or {each} to false"
            )
    if parameters.password_length < len(kinds) and "password_length" not in unsure:
        yield (
            f"{spelling('password_length')} must be at least {len(kinds)}, one character of each "
            f"kind: or exclude kinds, or set {each} to false"
        )


def largest(parameters: Generate) -> int:
    """Return the most bytes that a value can have."""
    alphabet = _alphabet(parameters) or " "
    widest = max(alphabet, key=lambda character: len(json.dumps(character)))
    return Sealed(_filled(parameters, widest * parameters.password_length)).size


def _content(template: str) -> dict[str, Any] | None:
    """Return the object that a template describes, its numbers as text; `None` if it is none."""
    try:
        found = json.loads(template, parse_int=str, parse_float=str, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(constant: str) -> NoReturn:
    """Refuse NaN and its like, which only Python takes for JSON."""
    raise ValueError(constant)


def _filled(parameters: Generate, password: str) -> str:
    """Return the whole value; all that the template says stays as it is written."""
    template, key = parameters.secret_string_template, parameters.generate_string_key
    if template is None or key is None:
        return password
    head = template.rstrip(_BLANK)[:-1].rstrip(_BLANK)
    comma = "" if head.strip(_BLANK) == "{" else ", "
    name = json.dumps(key, ensure_ascii=False)
    return f"{head}{comma}{name}: {json.dumps(password)}}}"


def _kinds(parameters: Generate) -> dict[str, str]:
    """Return the characters of each kind that is included, by the switch that excludes it."""
    excluded = parameters.exclude_characters or ""
    return {
        switch: "".join(each for each in characters if each not in excluded)
        for switch, characters in _KINDS.items()
        if not getattr(parameters, switch)
    }


def _alphabet(parameters: Generate) -> str:
    space = parameters.include_space and " " not in (parameters.exclude_characters or "")
    return "".join(_kinds(parameters).values()) + (" " if space else "")


def _password(parameters: Generate, below: Below) -> str:
    """Return a password, each that is allowed with the same chance.

    Until every required kind is there, a character comes with the weight of all passwords that
    can still follow it. To put one of each kind somewhere and then to fill up would prefer
    passwords with few characters of a kind.
    """
    alphabet = _alphabet(parameters)
    required = parameters.require_each_included_type
    missing = tuple(_kinds(parameters).values()) if required else ()
    drawn = ""
    for left in reversed(range(parameters.password_length)):
        if missing:
            character, missing = _weighed(alphabet, missing, left, below)
        else:
            character = alphabet[below(len(alphabet))]
        drawn += character
    return drawn


def _weighed(
    alphabet: str, missing: tuple[str, ...], left: int, below: Below
) -> tuple[str, tuple[str, ...]]:
    """Return a character to go on with, and the kinds that are missing after it."""
    size, lot = len(alphabet), below(_ways(left + 1, missing, len(alphabet)))
    for kind in missing:
        rest = tuple(other for other in missing if other != kind)
        follow = _ways(left, rest, size)
        if lot < len(kind) * follow:
            return kind[lot // follow], rest
        lot -= len(kind) * follow
    others = [each for each in alphabet if each not in "".join(missing)]
    return others[lot // _ways(left, missing, size)], missing


def _ways(length: int, missing: Sequence[str], size: int) -> int:
    """Return how many texts of so many characters have each of the missing kinds.

    Counted by inclusion and exclusion: all texts, without those that lack one kind, with those
    that lack two, and so on.

    Args:
        length: Characters of a text.
        missing: The characters of each kind that it must have.
        size: How many characters there are to choose from, those kinds included.
    """
    return sum(
        (-1) ** count * (size - sum(map(len, lacking))) ** length
        for count in range(len(missing) + 1)
        for lacking in itertools.combinations(missing, count)
    )
