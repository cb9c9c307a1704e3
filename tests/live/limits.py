"""What AWS refuses whatever the state, one past each limit; and what it takes, at the limit."""

from __future__ import annotations

import functools
import json
from typing import Any

from .outcome import Outcome
from .rows import Rows, Source
from .scene import Scene
from .states import policy

rows = Rows("Limits")

Params = dict[str, Any]
NAME = 512


def tags(count: int = 1, key: str = "k", value: str = "v") -> list[dict[str, str]]:
    """Return tags with different keys."""
    return [{"Key": f"{key}{n or ''}", "Value": value} for n in range(count)]


CREATES: dict[str, tuple[Source, Params]] = {
    "description of 2,048": ("D", {"Description": "d" * 2048}),
    "description of 2,049": ("D", {"Description": "d" * 2049}),
    "value of 65,536 bytes": ("D", {"SecretString": "v" * 65_536}),
    "value of 65,537 bytes": ("D", {"SecretString": "v" * 65_537}),
    "value of 65,538 bytes in 32,769 characters": ("D", {"SecretString": "é" * 32_769}),
    "binary of 65,536 bytes": ("D", {"SecretBinary": b"v" * 65_536}),
    "binary of 65,537 bytes": ("D", {"SecretBinary": b"v" * 65_537}),
    "string and binary": ("D", {"SecretString": "v", "SecretBinary": b"v"}),
    "token of 65": ("D", {"ClientRequestToken": "t" * 65, "SecretString": "v"}),
    "50 tags": ("D", {"Tags": tags(50)}),
    "51 tags": ("D", {"Tags": tags(51)}),
    "tag key of 128, value of 256": ("D", {"Tags": tags(key="k" * 128, value="v" * 256)}),
    "tag key of 129": ("D", {"Tags": tags(key="k" * 129)}),
    "tag value of 257": ("D", {"Tags": tags(value="v" * 257)}),
    "tag value empty": ("D", {"Tags": tags(value="")}),
    "tag value of letters, digits and _.:/=+-@": ("D", {"Tags": tags(value="Aé9 _.:/=+-@")}),
    "tag value with a comma": ("D", {"Tags": tags(value="a,b")}),
    "tag value with a bracket": ("D", {"Tags": tags(value="{a}")}),
    "tag key with a star": ("D", {"Tags": tags(key="k*")}),
    "tag key aws:": ("D", {"Tags": tags(key="aws:k")}),
    "tag key AWS:": ("E", {"Tags": tags(key="AWS:k")}),
    "tag key twice": ("E", {"Tags": tags() + tags()}),
    "KMS key of 2,049": ("D", {"KmsKeyId": "k" * 2049}),
}

NAMES: dict[str, tuple[Source, str]] = {
    "with /_+=.@-": ("D", "/aZ09_+=.@-x"),
    "with an exclamation mark": ("E", "!db"),
    "that ends in a hyphen and six characters": ("D", "-secret"),
    "with a space": ("D", " b"),
    "with a colon": ("D", ":b"),
    "that is not ASCII": ("D", "é"),
}


def _create(at: Scene, *, call: Params) -> Outcome:
    name = at.name()
    return at.ask("CreateSecret", Name=name, **call).also(state=at.state(name))


def _named(at: Scene, *, ending: str) -> Outcome:
    return at.ask("CreateSecret", Name=at.name(ending))


def _long(at: Scene, *, length: int) -> Outcome:
    short = at.name()
    name = short + "n" * (length - len(short))
    at.words.learn(name, "<long name>")
    return at.ask("CreateSecret", Name=name)


for _title, (_source, _call) in CREATES.items():
    rows.put(functools.partial(_create, call=_call), f"CreateSecret, {_title}", _source)
for _title, (_source, _ending) in NAMES.items():
    rows.put(functools.partial(_named, ending=_ending), f"CreateSecret, name {_title}", _source)
for _length in (NAME, NAME + 1):
    rows.put(functools.partial(_long, length=_length), f"CreateSecret, name of {_length}", "D")

CALLS: dict[str, tuple[Source, str, Params]] = {
    "no value": ("D", "PutSecretValue", {}),
    "65,537 bytes": ("D", "PutSecretValue", {"SecretString": "v" * 65_537}),
    "string and binary": ("D", "PutSecretValue", {"SecretString": "v", "SecretBinary": b"v"}),
    "21 labels": (
        "D",
        "PutSecretValue",
        {"SecretString": "v", "VersionStages": [f"label{n}" for n in range(21)]},
    ),
    "description of 2,049": ("D", "UpdateSecret", {"Description": "d" * 2049}),
    "token of 65": ("D", "UpdateSecret", {"ClientRequestToken": "t" * 65}),
    "key aws:": ("D", "TagResource", {"Tags": tags(key="aws:x")}),
    "51 in all": ("D", "TagResource", {"Tags": tags(50, key="other")}),
    "untag aws:": ("E", "UntagResource", {"TagKeys": ["aws:x"]}),
    "untag what is not there": ("D", "UntagResource", {"TagKeys": ["never there"]}),
    "not JSON": ("D", "PutResourcePolicy", {"ResourcePolicy": "{"}),
    "no statement": ("D", "PutResourcePolicy", {"ResourcePolicy": "{}"}),
    "no statements": ("E", "PutResourcePolicy", {"ResourcePolicy": '{"Statement": []}'}),
    "20,481 characters": ("D", "PutResourcePolicy", {"ResourcePolicy": "x" * 20_481}),
}


def _call_on(at: Scene, *, action: str, call: Params) -> Outcome:
    name = at.live(Tags=tags())
    before = at.described(name).get("Tags")
    answer = at.ask(action, SecretId=name, **call)
    return answer.also(value=at.value(name), retagged=at.described(name).get("Tags") != before)


for _title, (_source, _action, _params) in CALLS.items():
    _play = functools.partial(_call_on, action=_action, call=_params)
    rows.put(_play, f"{_action}, {_title}", _source)


@rows.add("DescribeSecret, SecretId of 2,049", "D")
def long_id(at: Scene) -> Outcome:
    """Longer than any name."""
    name = at.name()
    return at.ask("DescribeSecret", SecretId=name + "s" * (2049 - len(name)))


@rows.add("TagResource of an existing key, with 50 tags", "D")
def change_at_the_limit(at: Scene) -> Outcome:
    """Changing one is no 51st."""
    name = at.live(Tags=tags(50))
    answer = at.ask("TagResource", SecretId=name, Tags=tags(1, value="new"))
    return answer.also(tags=len(at.described(name)["Tags"]))


@rows.add("PutResourcePolicy, public and blocked", "D")
def public_policy(at: Scene) -> Outcome:
    """PublicPolicyException."""
    statement = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
    statement["Action"] = "secretsmanager:DescribeSecret"
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return at.ask(
        "PutResourcePolicy", SecretId=at.live(), ResourcePolicy=document, BlockPublicPolicy=True
    )


@rows.add("GetResourcePolicy after put and after delete", "D")
def policy_life(at: Scene) -> Outcome:
    """Its text, then no such member."""
    name = at.live()
    at.do("PutResourcePolicy", SecretId=name, ResourcePolicy=policy(at))
    held = "ResourcePolicy" in at.do("GetResourcePolicy", SecretId=name)
    at.do("DeleteResourcePolicy", SecretId=name)
    return at.ask("GetResourcePolicy", SecretId=name).also(held=held)


def _list(at: Scene, *, call: Params) -> Outcome:
    ours = {"Key": "name", "Values": [at.name()]}
    filters = [ours, *call.get("Filters", [])]
    return at.ask("ListSecrets", **{**call, "Filters": filters})


LISTS: dict[str, Params] = {
    "101 a page": {"MaxResults": 101},
    "made-up token": {"NextToken": "x"},
    "unknown filter": {"Filters": [{"Key": "unknown", "Values": ["x"]}]},
    "11 filters": {"Filters": [{"Key": "description", "Values": ["x"]}] * 10},
    "nothing found": {},
}

for _title, _call in LISTS.items():
    rows.put(functools.partial(_list, call=_call), f"ListSecrets, {_title}", "D")
