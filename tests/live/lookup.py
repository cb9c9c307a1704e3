"""Which ids find a secret."""

from __future__ import annotations

from .outcome import Outcome
from .rows import Rows
from .scene import Scene

rows = Rows("Look-up")

ELSEWHERE = "111122223333"
"""An account that AWS uses in its documentation."""


def _suffixless(at: Scene, name: str) -> str:
    return str(at.described(name)["ARN"])[:-7]


@rows.add("By full ARN", "D")
def full_arn(at: Scene) -> Outcome:
    """It is found."""
    name = at.live()
    return at.ask("GetSecretValue", SecretId=at.described(name)["ARN"])


@rows.add("By partial ARN", "D")
def partial_arn(at: Scene) -> Outcome:
    """Found if unique."""
    return at.ask("GetSecretValue", SecretId=_suffixless(at, at.live()))


@rows.add("By partial ARN, name ending in a hyphen and six characters", "D")
def partial_arn_trap(at: Scene) -> Outcome:
    """It is taken for a complete ARN."""
    name = at.live("-secret")
    partial = at.ask("GetSecretValue", SecretId=_suffixless(at, name))
    return partial.also(by_name=at.value(name))


@rows.add("By an ARN with another suffix", "D")
def other_suffix(at: Scene) -> Outcome:
    """A complete ARN finds its own secret only."""
    return at.ask("DescribeSecret", SecretId=at.arn(at.live()))


@rows.add("By part of the name", "D")
def part_of_name(at: Scene) -> Outcome:
    """Names match as a whole."""
    return at.ask("DescribeSecret", SecretId=at.live("ab")[:-1])


@rows.add("By the name in another case", "D")
def other_case(at: Scene) -> Outcome:
    """Names match in their case."""
    return at.ask("DescribeSecret", SecretId=at.live("a")[:-1] + "A")


@rows.add("By name in another region", "D")
def other_region(at: Scene) -> Outcome:
    """RNF."""
    return at.ask("DescribeSecret", SecretId=at.live(), far=True)


@rows.add("By full ARN in another region", "E")
def arn_in_other_region(at: Scene) -> Outcome:
    """RNF."""
    name = at.live()
    return at.ask("DescribeSecret", SecretId=at.described(name)["ARN"], far=True)


@rows.add("By an ARN of another account", "?", knob="foreign_arn")
def other_account(at: Scene) -> Outcome:
    """RNF, or AccessDenied."""
    return at.ask("DescribeSecret", SecretId=at.arn(at.name(), account=ELSEWHERE))


@rows.add("What a list tells of a secret", "D", slow="lists lag behind, up to 1 minute")
def list_entry(at: Scene) -> Outcome:
    """No replication, and versions under another name than DescribeSecret's."""
    name = at.live(Description="d", Tags=[{"Key": "k", "Value": "v"}])
    by_name = [{"Key": "name", "Values": [name]}]

    def listed() -> list[dict[str, object]]:
        found: list[dict[str, object]] = at.do("ListSecrets", Filters=by_name)["SecretList"]
        return found

    at.until(lambda: bool(listed()), 60)
    return at.words.answer(listed()[0] if listed() else {}, ("Name", "Description", "Tags"))
