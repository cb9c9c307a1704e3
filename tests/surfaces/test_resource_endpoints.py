"""Endpoints of the program's configuration are checked with all other input."""

from __future__ import annotations

import pytest

from recoverable_secrets import Secret, resource
from surfaces import registered
from surfaces.held import DEFAULTS


def test_an_endpoint_that_is_no_url_is_refused_with_all_else() -> None:
    inputs = {**DEFAULTS, "endpoints": {"sts": "nourl"}, "adopt": "perhaps"}
    problems = resource.check(inputs, (), first=False, say=print)
    assert [problem.split(" must")[0] for problem in problems] == ["aws:endpoints: sts", "adopt"]
    assert "nourl" not in " ".join(problems)
    assert len(resource.check(inputs, {"endpoints"}, first=False, say=print)) == 1


@pytest.mark.parametrize("service", ["secretsmanager", "sts", "kms", "ssm"])
def test_each_service_that_is_called_can_have_one(service: str) -> None:
    """A key is asked of KMS, a referenced value of Systems Manager."""
    config = {"aws:endpoints": f'[{{"{service}": "http://localhost", "s3": "http://other"}}]'}
    inputs = registered.run(lambda: Secret("db"), config=config).inputs()
    assert inputs["endpoints"] == {service: "http://localhost"}
    assert resource.check(inputs, (), first=True, say=print) == ()
