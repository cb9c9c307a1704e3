"""Which event selectors of CloudTrail let a read of a secret pass."""

from __future__ import annotations

from typing import Any

import pytest

from recoverable_secrets.stores import aws_trails

KMS, OURS = "kms.amazonaws.com", "secretsmanager.amazonaws.com"
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


@pytest.mark.parametrize(
    ("selector", "sees"),
    [
        pytest.param({"ReadWriteType": "All", "IncludeManagementEvents": True}, True, id="all"),
        pytest.param({"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}, True, id="r"),
        pytest.param(
            {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}, False, id="w"
        ),
        pytest.param({"ReadWriteType": "All", "IncludeManagementEvents": False}, False, id="data"),
        pytest.param({}, True, id="what AWS leaves out is on by default"),
        pytest.param({"ExcludeManagementEventSources": [KMS]}, True, id="without KMS"),
        pytest.param({"ExcludeManagementEventSources": [OURS]}, False, id="without ours"),
    ],
)
def test_plain_selectors(selector: dict[str, Any], *, sees: bool) -> None:
    assert aws_trails.reads([selector], []) is sees


@pytest.mark.parametrize(
    ("fields", "sees"),
    [
        pytest.param([MANAGEMENT], True, id="all management events"),
        pytest.param([{"Field": "eventCategory", "Equals": ["Data"]}], False, id="data events"),
        pytest.param([MANAGEMENT, {"Field": "readOnly", "Equals": ["false"]}], False, id="writes"),
        pytest.param([MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}], True, id="reads"),
        pytest.param(
            [MANAGEMENT, {"Field": "eventSource", "NotEquals": [KMS]}], True, id="without KMS"
        ),
        pytest.param(
            [MANAGEMENT, {"Field": "eventSource", "NotEquals": [KMS, OURS]}], False, id="nor ours"
        ),
        pytest.param(
            [MANAGEMENT, {"Field": "eventName", "StartsWith": ["Get", "List"]}], True, id="Get..."
        ),
        pytest.param(
            [MANAGEMENT, {"Field": "eventName", "NotEndsWith": ["Value"]}], False, id="no ...Value"
        ),
        pytest.param(
            [MANAGEMENT, {"Field": "userIdentity.arn", "Equals": ["x"]}], None, id="by the reader"
        ),
        pytest.param(
            [{"Field": "readOnly", "Equals": ["false"]}, {"Field": "new", "Equals": ["x"]}],
            False,
            id="what is clear decides",
        ),
    ],
)
def test_advanced_selectors(fields: list[Any], *, sees: bool | None) -> None:
    assert aws_trails.reads([], [{"FieldSelectors": fields}]) is sees


def test_one_selector_that_chooses_it_suffices() -> None:
    writes = {"FieldSelectors": [{"Field": "readOnly", "Equals": ["false"]}]}
    unclear = {"FieldSelectors": [{"Field": "new", "Equals": ["x"]}]}
    assert aws_trails.reads([], [writes, unclear, {"FieldSelectors": [MANAGEMENT]}]) is True
    assert aws_trails.reads([], [writes, unclear]) is None
    assert aws_trails.reads([], [writes]) is False
    assert aws_trails.reads([], []) is False
