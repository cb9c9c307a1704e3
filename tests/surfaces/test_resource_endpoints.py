"""Endpoints of the program's configuration are checked with all other input."""

from __future__ import annotations

from recoverable_secrets import resource
from surfaces.held import DEFAULTS


def test_an_endpoint_that_is_no_url_is_refused_with_all_else() -> None:
    inputs = {**DEFAULTS, "endpoints": {"sts": "nourl"}, "adopt": "perhaps"}
    problems = resource.check(inputs, (), first=False, say=print)
    assert [problem.split(" must")[0] for problem in problems] == ["aws:endpoints: sts", "adopt"]
    assert "nourl" not in " ".join(problems)
    assert len(resource.check(inputs, {"endpoints"}, first=False, say=print)) == 1
