"""Deployment 2: one resource in place of three; the secret, its ARN and its version stay."""

import pulumi

from recoverable_secrets import Secret

READER = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:role/shop"},
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "*",
}

database = Secret(
    "database",
    name="shop/database",  # As it was; without it this would be another secret.
    adopt="unowned",  # Can be removed once this is deployed; that makes no call.
    description="User of the application's database",
    secret_string=pulumi.Config().require_secret("password"),
    policy={"Version": "2012-10-17", "Statement": [READER]},
    replicas=[{"region": "eu-west-1"}],
    tags={"service": "shop"},
)

pulumi.export("arn", database.arn)
