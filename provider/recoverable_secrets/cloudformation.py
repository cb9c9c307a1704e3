"""The CloudFormation form of a secret, as data: its properties by name, what `GetAtt` gives.

The Lambda function, the property schema and the lint rule all read this table, which is made
from the model: a field that the model gains is a property at once. Nothing here does anything,
and nothing is imported that the function does not need anyhow: it is on the cold path.
"""

from __future__ import annotations

from collections.abc import Mapping

from .core import fields, parse
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

PARTS_ELSEWHERE: Mapping[str, str] = {
    "value_from.environment_variable": "the function's environment is its own; use SsmParameter or "
    "Secret",
    "value_from.file": "the function's files are its own; use SsmParameter or Secret",
}
"""Parts of fields that are no properties, with the reason."""

PROPERTIES: Mapping[str, str] = {
    fields.pascal(name): name for name in FIELDS if name not in ELSEWHERE
}
"""The properties of ours: the CloudFormation name, and the model's field that it means."""

ALIASES: Mapping[str, str] = {
    alias: name
    for name, field in PROPERTIES.items()
    for alias in parse.spellings(field, FIELDS[field], fields.pascal)
    if alias != name
}
"""Other names of properties, and the property that each means."""

MEANINGS: Mapping[str, str] = {
    "Name": "Name of the secret. It must begin with the installation's `NamePrefix`. Default: "
    "`<NamePrefix><stack>/<logical id>`, with the path of stacks for a nested one. A change means "
    "another secret: the old one is scheduled for deletion once the update has succeeded.",
    "NamePrefix": "Beginning of the name, and itself beginning with the installation's "
    "`NamePrefix`; the rest is made of the stack's name and the logical id, and is the same when "
    "the stack is deployed again. A change means another secret. Excludes `Name`.",
    "KmsKeyId": "ARN, id or alias of the KMS key that encrypts the value; the installation must "
    "have been given that key as `KmsKeyArn`. Default: the key `aws/secretsmanager`.",
    "SecretString": "The value, as text. CloudFormation keeps what a template says: better let a "
    "value be generated or read, or take it from a parameter with `NoEcho`. Excludes every other "
    "way to give a value.",
    "SecretJson": "The value, as a mapping; its JSON text is stored, the keys sorted. "
    "CloudFormation hands numbers and truth values on as text, so they are stored as text: who "
    "needs them as they are writes JSON text into `SecretString`. Excludes every other way to give "
    "a value.",
    "SecretStringWo": "The value, as text that is written again only when `SecretStringWoVersion` "
    "changes. CloudFormation keeps it like `SecretString`. Excludes every other way to give a "
    "value.",
    "ValueFrom": "Where the value is read from when it is written, and then again only when "
    "`ValueVersion` changes: `SsmParameter` or `Secret`, which the function reads. The "
    "installation must allow it by `AllowedValueSources`. Excludes every other way to give a "
    "value.",
    "Tags": "Tags of the secret, as a list of `Key` and `Value` or as a mapping. The stack's own "
    "tags are added. Tags that others add are left alone; an empty list means none.",
    "BlockPublicPolicy": "Whether a resource policy that lets everyone in is refused. `false` "
    "needs an installation with `AllowPublicPolicy`. Default: true.",
    "RotationLambdaARN": "ARN of the Lambda function that rotates the value, which the "
    "installation must allow by `AllowedRotationFunctions`. Goes with `RotationRules`. Rotation is "
    "cancelled before a deletion is scheduled, and set again after a restore.",
    "ExternalSecretRotationMetadata": "What an external partner needs to rotate its secret, as a "
    "list of `Key` and `Value` or as a mapping.",
    "ExternalSecretRotationRoleArn": "ARN of the role with which an external partner's secret is "
    "rotated; the installation must allow it by `AllowedRotationFunctions`.",
    "ForceOverwriteReplicaSecret": "Whether a new replica may overwrite a secret of the same name "
    "in its region, which destroys that one for good. It needs an installation with "
    "`AllowForceDelete`. Default: false.",
    "ForceDeleteWithoutRecovery": "Delete at once and for good when the resource is removed. It "
    "needs an installation with `AllowForceDelete`, and counts only for a secret that this "
    "resource created, never in a rollback. Excludes `RecoveryWindowInDays`. Default: false.",
    "RefuseDeletionIfAccessedWithin": "An ordinary deletion of a secret that was read in the last "
    "so many days, 0 to 365, in whatever region, fails (`DELETE_FAILED`) and says why; 0 is off. "
    "Only the day of the last read is known, in UTC, so a read may count for up to a day more. A "
    "rollback is not held up. Default: 0.",
    "Adopt": "Which existing secrets may be taken over: `no` others, `unowned` ones (no owner "
    "tag), or `any`. It needs an installation with `AllowAdopt`. Default: no.",
}
"""What a property means where that is more, or other, than what its field says."""

ATTRIBUTES: Mapping[str, str] = {
    "Arn": "The full ARN; the same again after a restore.",
    "Id": "The same as `Arn`, by the name that the native type gives it.",
    "Name": "The name, also where it was made and not declared.",
    "VersionId": "Id of the version that was current when last seen; empty text if the secret "
    "has no value.",
    "Restored": "`true` if the last operation that made the secret restored it, else `false`.",
}
"""What `Fn::GetAtt` gives, all of it text. `Ref` gives the full ARN."""
