"""The public API as programs use it: checked by mypy in strict mode, never run.

A line that is to be an error says which by `type: ignore`; strict mode warns when it is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: F401  # inside of texts, below
from typing import assert_type

import pulumi

import recoverable_secrets
from recoverable_secrets import AccessAlarm, Secret, __version__

assert_type(__version__, str)
assert_type(recoverable_secrets.__version__, str)

config = pulumi.Config()

nothing = Secret("nothing")

plain = Secret(
    "plain",
    name="shop/plain",
    description="",
    kms_key_id="alias/shop",
    secret_string="text",
    tags={"team": "shop"},
    owner="team-a",
    recovery_window_in_days=7,
    force_delete_without_recovery=False,
    deletion="schedule",
    refuse_deletion_if_accessed_within=14,
    on_recreate="restore",
    adopt="no",
    on_value_drift="keep",
    timeout=60,
    region="eu-west-1",
    profile="ops",
    assume_role_arn="arn:aws:iam::123456789012:role/deploy",
    allowed_account_ids=["123456789012"],
)

outputs = Secret(
    "outputs",
    pulumi.ResourceOptions(parent=plain, depends_on=[nothing], protect=True),
    name=plain.name.apply(lambda name: f"{name}-2"),
    description=pulumi.Output.concat("beside ", plain.arn),
    secret_string=config.require_secret("password"),
    tags={"of": plain.arn, "team": "shop"},
    recovery_window_in_days=config.get_int("window"),
    force_delete_without_recovery=config.get_bool("force"),
    refuse_deletion_if_accessed_within=config.get_int("guard"),
    region=config.get("region"),
    allowed_account_ids=[pulumi.Output.from_input("123456789012"), "210987654321"],
)

by_keyword = Secret("by-keyword", opts=pulumi.ResourceOptions(ignore_changes=["secret_string"]))

binary = Secret("binary", secret_binary=config.require_secret("key"))

generated = Secret("generated", generate_secret_string={})

in_json = Secret(
    "in-json",
    generate_secret_string={
        "secret_string_template": pulumi.Output.json_dumps({"user": plain.arn}),
        "generate_string_key": "password",
        "password_length": 24,
        "exclude_characters": "'",
        "exclude_punctuation": config.require_bool("plain"),
    },
)

whole = Secret(
    "whole",
    name_prefix="shop-",
    type="SnowflakeKeyPairAuthentication",
    secret_json={
        "user": plain.arn,
        "port": 5432,
        "inner": {"password": config.require_secret("p")},
    },
    version_stages=["BLUE", plain.name],
    replicas=[{"region": "eu-west-1"}, {"region": plain.region, "kms_key_id": "alias/a"}],
    policy={"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": plain.arn}]},
    block_public_policy=True,
    rotation_lambda_arn=plain.arn,
    rotation_rules={"automatically_after_days": 30, "duration": "3h"},
    rotation_enabled=config.get_bool("rotate"),
    rotate_immediately=False,
    external_secret_rotation_metadatas=[{"key": "a", "value": "b"}],
    external_secret_rotation_role_arn="arn:aws:iam::123456789012:role/r",
    previous_version="deprecate",
    force_overwrite_replica_secret=False,
)

by_other_names = Secret(
    "by-other-names", replica_regions=[{"region": "eu-west-1"}], resource_policy="{}"
)

write_only = Secret("wo", secret_string_wo=config.require_secret("p"), secret_string_wo_version=1)

from_file = Secret("file", value_from={"file": "value.txt"}, value_version=1)

from_parameter = Secret("ssm", value_from={"ssm_parameter": plain.name}, value_version="a")

again = Secret("again", generate_secret_string={}, regenerate_when="2030-01")

as_json = Secret("json", secret_string=pulumi.Output.json_dumps({"user": "u", "pw": plain.arn}))

later = Secret("later", tags=pulumi.Output.from_input({"a": "b"}))

assert_type(plain.arn, "pulumi.Output[str]")
assert_type(plain.name, "pulumi.Output[str]")
assert_type(plain.version_id, "pulumi.Output[str | None]")
assert_type(plain.restored, "pulumi.Output[bool]")
assert_type(plain.tags_all, "pulumi.Output[Mapping[str, str]]")
assert_type(plain.replicas, "pulumi.Output[Sequence[Mapping[str, str]] | None]")
assert_type(plain.id, "pulumi.Output[str]")
assert_type(plain.rotation_enabled, "pulumi.Output[bool | None]")

alarm = AccessAlarm("alarm", way="events", email=["ops@example.com", plain.name])
trailed = AccessAlarm(
    "trailed",
    pulumi.ResourceOptions(depends_on=[alarm]),
    way="trail",
    log_group_name=plain.name,
    topic_arn=alarm.topic_arn,
    name_prefix="shop/",
    region="eu-west-1",
)
assert_type(alarm.topic_arn, "pulumi.Output[str]")

found = Secret.get("found", "shop/plain")
assert_type(found, Secret)
assert_type(found.arn, "pulumi.Output[str]")

elsewhere = Secret.get(
    "elsewhere", plain.id, pulumi.ResourceOptions(parent=plain), region="eu-west-1", profile="ops"
)

pulumi.export("arn", plain.arn)
pulumi.export("told", pulumi.Output.all(plain.arn, plain.restored).apply(str))


def depends_on(secret: Secret) -> pulumi.ResourceOptions:
    """A secret is a resource like any other."""
    return pulumi.ResourceOptions(depends_on=[secret], deleted_with=secret)


class Service(pulumi.ComponentResource):
    """A component that has a secret of its own."""

    password: Secret

    def __init__(self, name: str) -> None:
        """Declare it as a child."""
        super().__init__("shop:index:Service", name)
        self.password = Secret("password", pulumi.ResourceOptions(parent=self))


# What is refused before anything runs.

Secret()  # type: ignore[call-arg]
Secret("a", None, "description")  # type: ignore[call-arg]
Secret("a", recovery_window=7)  # type: ignore[call-arg]
Secret("a", secret_string=b"bytes")  # type: ignore[arg-type]
Secret("a", recovery_window_in_days="7")  # type: ignore[arg-type]
Secret("a", tags=[{"Key": "a", "Value": "b"}])  # type: ignore[arg-type]
Secret("a", tags={"a": 1})  # type: ignore[dict-item]
Secret("a", generate_secret_string={"length": 8})  # type: ignore[arg-type]
Secret("a", generate_secret_string={"password_length": "8"})  # type: ignore[arg-type]
Secret("a", replicas=[{"kms_key_id": "alias/a"}])  # type: ignore[list-item]
Secret("a", replicas=["eu-west-1"])  # type: ignore[list-item]
Secret("a", rotation_rules={"days": 7})  # type: ignore[arg-type]
Secret("a", value_from={"variable": "A"})  # type: ignore[arg-type]
Secret("a", secret_json="{}")  # type: ignore[arg-type]
Secret("a", secret_string_wo_version="1")  # type: ignore[arg-type]
Secret("a", allowed_account_ids=[1])  # type: ignore[list-item]
Secret.get("a")  # type: ignore[call-arg]
_ = plain.secret_string  # type: ignore[attr-defined]
_ = recoverable_secrets.Secrets  # type: ignore[attr-defined]
