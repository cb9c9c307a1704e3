"""What people declare and allow: few values, so that programs go back and forth between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

NEAR, FAR = "eu-west-1", "ap-south-1"
VARIABLE: Final = "MODEL_VALUE"
"""Where values stand that are referenced."""
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
DECLARED = tuple(f"canary-{number}-of-a-stack" for number in range(4))
ELSEWHERE = tuple(f"canary-{number}-from-elsewhere" for number in range(2))
WRITE_ONLY = tuple(f"canary-{number}-never-kept" for number in range(2))
BY_HAND = tuple(f"canary-{number}-of-a-person" for number in range(3))
AS_JSON = {f"canary-{number}-in-json": number for number in range(2)}
JSON_TEXTS = tuple(json.dumps({name: number}) for name, number in AS_JSON.items())
MADE_UP = (*DECLARED, *ELSEWHERE, *WRITE_ONLY, *BY_HAND, *JSON_TEXTS)
"""All values that are not random."""

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret",
                   "Resource": "*"}],
}  # fmt: skip
ROTATED = {
    "rotation_lambda_arn": FUNCTION, "rotation_rules": {"automatically_after_days": 20},
}  # fmt: skip

NOTHING: dict[str, Any] = {}
VALUES = st.one_of(
    st.sampled_from(DECLARED).map(lambda text: {"secret_string": text}),
    st.sampled_from(DECLARED).map(lambda text: {"secret_string": text}),
    st.sampled_from(sorted(AS_JSON)).map(lambda key: {"secret_json": {key: AS_JSON[key]}}),
    st.sampled_from([0, 1]).map(
        lambda n: {"secret_string_wo": WRITE_ONLY[n], "secret_string_wo_version": n + 1}
    ),
    st.sampled_from(["1", "2"]).map(
        lambda when: {"generate_secret_string": {}, "regenerate_when": when}
    ),
    st.sampled_from(["1", "2"]).map(
        lambda when: {"value_from": {"environment_variable": VARIABLE}, "value_version": when}
    ),
    st.just(NOTHING),
)
SHAPES = st.one_of(
    st.just(NOTHING),
    st.fixed_dictionaries(
        NOTHING,
        optional={
            "description": st.sampled_from(["", "one", "two"]),
            "tags": st.sampled_from([{}, {"a": "1"}, {"a": "2", "b": "1"}]),
            "kms_key_id": st.sampled_from(["", "alias/ours"]),
            "replicas": st.sampled_from([
                [], [{"region": NEAR}], [{"region": NEAR, "kms_key_id": "alias/k"}, {"region": FAR}]
            ]),
            "policy": st.sampled_from(["", POLICY]),
            "version_stages": st.sampled_from([["blue"], ["blue", "green"]]),
        },
    ),
)  # fmt: skip
ROTATIONS = st.sampled_from([NOTHING, NOTHING, NOTHING, ROTATED, {"rotation_enabled": False}])
TEARDOWNS = st.sampled_from([
    *[{"recovery_window_in_days": days} for days in (7, 7, 14, 30)],
    {"deletion": "retain"}, {"deletion": "force"},
    {"deletion": "force", "on_recreate": "replace"},
    {"on_recreate": "fail"},
])  # fmt: skip
RARELY = st.fixed_dictionaries(
    NOTHING,
    optional={
        "on_value_drift": st.just("overwrite"),
        "previous_version": st.just("deprecate"),
        "rotate_immediately": st.just(value=True),
        "force_overwrite_replica_secret": st.just(value=True),
    },
)
ADOPTIONS = st.sampled_from([NOTHING, NOTHING, NOTHING, {"adopt": "unowned"}, {"adopt": "any"}])


def _together(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return one declaration; one that rotates and overwrites what rotation puts never settles."""
    whole = {name: content for part in parts for name, content in part.items()}
    if "rotation_lambda_arn" in whole:
        whole.pop("on_value_drift", None)
    return whole


FIELDS = st.builds(
    _together,
    VALUES, SHAPES, ROTATIONS, TEARDOWNS, st.one_of(st.just(NOTHING), RARELY), ADOPTIONS,
)  # fmt: skip
"""Whole declarations, as a program would pass them."""


def literal(fields: dict[str, Any]) -> str | None:
    """Return the value that a declaration tells itself, as it is to be stored."""
    if "secret_json" in fields:
        return json.dumps(fields["secret_json"])
    told = fields.get("secret_string", fields.get("secret_string_wo"))
    return None if told is None else str(told)


OF_VALUES = frozenset({
    "secret_string", "secret_json", "secret_string_wo", "secret_string_wo_version",
    "generate_secret_string", "regenerate_when", "value_from", "value_version",
})  # fmt: skip
"""The fields that are about the value."""


def turned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value as it is declared, but anew: what a user does who wants another one."""
    now = {name: fields[name] for name in fields if name in OF_VALUES}
    for name in ("regenerate_when", "value_version"):
        if name in now:
            now[name] = "1" if now[name] == "2" else "2"
    if "secret_string_wo" in now:
        number = 1 if now["secret_string_wo_version"] == 1 else 0
        now = {"secret_string_wo": WRITE_ONLY[number], "secret_string_wo_version": number + 1}
    if "secret_string" in now:
        now["secret_string"] = DECLARED[(DECLARED.index(now["secret_string"]) + 1) % 4]
    return now
