"""A function that keeps nothing: it answers at once, and says in the log what it was asked."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any

import boto3


def handler(event: dict[str, Any], _context: object) -> None:
    """Answer; what to answer stands in the properties."""
    asked = event["ResourceProperties"]
    stack = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
    told = {
        "type": event["RequestType"],
        "id": event.get("PhysicalResourceId"),
        "status": stack["StackStatus"],
        "asked": asked,
        "old": event.get("OldResourceProperties"),
    }
    print("TOLD", json.dumps(told), flush=True)  # noqa: T201 - the log of a function
    if "Look" in asked:
        boto3.client("secretsmanager").describe_secret(SecretId=asked["Look"])
    fails = event["RequestType"] in asked.get("Fails", "").split()
    answer = {
        "Status": "FAILED" if fails else "SUCCESS",
        "Reason": "as told",
        "PhysicalResourceId": asked.get("Id", "toy"),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Environment": os.environ.get("SETTING", "")},
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10):
        pass
