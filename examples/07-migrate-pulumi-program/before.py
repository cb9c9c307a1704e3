"""Before: three resources, whose secret cannot be recreated for 30 days after a destroy."""

import json

import pulumi
import pulumi_aws as aws

READER = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:role/shop"},
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "*",
}

database = aws.secretsmanager.Secret(
    "database",
    name="shop/database",
    description="User of the application's database",
    replicas=[{"region": "eu-west-1"}],
    tags={"service": "shop"},
)
aws.secretsmanager.SecretVersion(
    "database",
    secret_id=database.id,
    secret_string=pulumi.Config().require_secret("password"),
)
aws.secretsmanager.SecretPolicy(
    "database",
    secret_arn=database.arn,
    policy=json.dumps({"Version": "2012-10-17", "Statement": [READER]}),
)

pulumi.export("arn", database.arn)
