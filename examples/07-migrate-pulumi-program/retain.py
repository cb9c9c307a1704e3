"""Deployment 1: the same three resources, which now let go of what they made when removed."""

import json

import pulumi
import pulumi_aws as aws

READER = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:role/shop"},
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "*",
}
RETAIN = pulumi.ResourceOptions(retain_on_delete=True)

database = aws.secretsmanager.Secret(
    "database",
    RETAIN,
    name="shop/database",
    description="User of the application's database",
    replicas=[{"region": "eu-west-1"}],
    tags={"service": "shop"},
)
aws.secretsmanager.SecretVersion(
    "database",
    RETAIN,
    secret_id=database.id,
    secret_string=pulumi.Config().require_secret("password"),
)
aws.secretsmanager.SecretPolicy(
    "database",
    RETAIN,
    secret_arn=database.arn,
    policy=json.dumps({"Version": "2012-10-17", "Statement": [READER]}),
)

pulumi.export("arn", database.arn)
