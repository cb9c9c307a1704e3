"""The installation's own template, deployed."""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from stacks.bundle import TEMPLATE, bundle_for_this_python
from stacks.cloud import Cloud, Outcome

TEXT = TEMPLATE.read_text(encoding="utf-8")
NAMED = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
BUCKET = "releases"
FUNCTION = "recoverable-secrets"
ROLE = f"{FUNCTION}-us-east-1"
IMPORTED = {"Fn::ImportValue": "recoverable-secrets-service-token"}


class Installation:
    """The stack of the installation."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._s3 = cloud.client("s3")
        self._s3.create_bucket(Bucket=BUCKET)

    def install(self, *, again: bool = False, **more: str) -> Outcome:
        """Create the stack, or update it, with these parameters besides those of the code."""
        given = self._parameters("first", bundle_for_this_python(), **more)
        do = self.cloud.update if again else self.cloud.create
        return do("installation", TEXT, **given)

    def upgrade(self, mark: str) -> Outcome:
        """Update the stack to a release that leaves a mark in the log."""
        line = f"print({mark!r}, flush=True)\n"
        code = bundle_for_this_python({"lambda_handler/handler.py": line})
        return self.cloud.update("installation", TEXT, **self._parameters("second", code))

    def remove_what_stays(self) -> None:
        """Remove by hand what a deleted installation leaves."""
        with contextlib.suppress(ClientError):
            self.cloud.client("lambda").delete_function(FunctionName=FUNCTION)
        iam = self.cloud.client("iam")
        with contextlib.suppress(ClientError):
            iam.delete_role_policy(RoleName=ROLE, PolicyName=FUNCTION)
            iam.delete_role(RoleName=ROLE)
        with contextlib.suppress(ClientError):
            group = f"/aws/lambda/{FUNCTION}"
            self.cloud.client("logs").delete_log_group(logGroupName=group)

    def _parameters(self, release: str, code: bytes, **more: str) -> dict[str, Any]:
        """Upload a release; return what the stack is to be told."""
        key = f"{release}.zip"
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=code)
        return {"parameters": {"CodeBucket": BUCKET, "CodeKey": key, **more}, **NAMED}


def using(cloud: Cloud, **properties: Any) -> dict[str, Any]:
    """Return a stack's template that takes the token from the installation's export."""
    return cloud.template(token=IMPORTED, **properties)
