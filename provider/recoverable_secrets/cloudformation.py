"""The CloudFormation form of a secret, as data: its properties by name, what `GetAtt` gives.

The Lambda function, the property schema and the lint rule all read this table, which is made
from the model: a field that the model gains is a property at once. Nothing here does anything,
and nothing is imported that the function does not need anyhow: it is on the cold path.
"""

from __future__ import annotations

from collections.abc import Mapping

from .core import fields
from .core.model import FIELDS

TYPE = "Custom::RecoverableSecret"

OWN = ("ServiceToken", "ServiceTimeout")
"""Properties of every custom resource, which CloudFormation itself acts on."""

ELSEWHERE: Mapping[str, str] = {
    "owner": "the stack and the logical id are the owner: a property could claim another's",
    "region": "the function works in its own account and region, which are the stack's",
    "profile": "the function has a role and no profiles",
    "assume_role_arn": "the function acts with its own role only",
    "allowed_account_ids": "the function works in its own account only",
    "timeout": "the function's own deadline and ServiceTimeout bound an operation",
}
"""Fields of the model that are no properties, with the reason."""

PROPERTIES: Mapping[str, str] = {
    fields.pascal(name): name for name in FIELDS if name not in ELSEWHERE
}
"""The properties of ours: the CloudFormation name, and the model's field that it means."""

MEANINGS: Mapping[str, str] = {
    "Name": "Name of the secret. It must begin with the installation's `NamePrefix`. Default: "
    "`<NamePrefix><stack>/<logical id>`, with the path of stacks for a nested one. A change means "
    "another secret: the old one is scheduled for deletion once the update has succeeded.",
    "KmsKeyId": "ARN, id or alias of the KMS key that encrypts the value; the installation must "
    "have been given that key as `KmsKeyArn`. Default: the key `aws/secretsmanager`.",
    "Tags": "Tags of the secret, as a list of `Key` and `Value` or as a mapping. The stack's own "
    "tags are added. Tags that others add are left alone; an empty list means none.",
    "ForceDeleteWithoutRecovery": "Delete at once and for good when the resource is removed. It "
    "needs an installation with `AllowForceDelete`, and counts only for a secret that this "
    "resource created, never in a rollback. Excludes `RecoveryWindowInDays`. Default: false.",
    "Adopt": "Which existing secrets may be taken over: `no` others, `unowned` ones (no owner "
    "tag), or `any`. It needs an installation with `AllowAdopt`. Default: no.",
}
"""What a property means where that is more, or other, than what its field says."""

NATIVE: tuple[str, ...] = (
    "Description",
    "GenerateSecretString",
    "KmsKeyId",
    "Name",
    "ReplicaRegions",
    "SecretString",
    "Tags",
    "Type",
)
"""The properties of `AWS::SecretsManager::Secret`, each of which is known here by that name."""

NOT_YET: frozenset[str] = frozenset(NATIVE) - frozenset(PROPERTIES)
"""Native properties that are refused for now: by name, never ignored."""

ATTRIBUTES: Mapping[str, str] = {
    "Arn": "The full ARN; the same again after a restore.",
    "Id": "The same as `Arn`, by the name that the native type gives it.",
    "Name": "The name, also where it was made and not declared.",
    "VersionId": "Id of the version that was current when last seen; empty text if the secret "
    "has no value.",
    "Restored": "`true` if the last operation that made the secret restored it, else `false`.",
}
"""What `Fn::GetAtt` gives, all of it text. `Ref` gives the full ARN."""
