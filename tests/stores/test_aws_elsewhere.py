"""One account in several regions, and answers that are not AWS's."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator

import pytest

import emulation
from contract import worlds
from recoverable_secrets.core import errors, facts
from recoverable_secrets.stores.aws import AwsStore, Connection, Role
from stores.scripted import ELSEWHERE

NAME = "s"


class Page(http.server.BaseHTTPRequestHandler):
    """Answers whatever is asked with the page of a proxy."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html><br>log in to the network: canary-of-a-proxy</html>")

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextlib.contextmanager
def proxy() -> Iterator[str]:
    """Serve while the block runs; yield the URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_another_region_over_the_same_session(aws: emulation.Aws) -> None:
    """Each has its own secrets; the role is assumed once, and one client each is made."""
    role = f"arn:aws:iam::{emulation.DEFAULT_ACCOUNT}:role/reader"
    here = AwsStore(Connection(region=worlds.REGION, roles=(Role(arn=role),)))
    aws.by_hand("CreateSecret", region=ELSEWHERE, Name=NAME)
    there = here.elsewhere(ELSEWHERE)
    assert (here.region, there.region) == (worlds.REGION, ELSEWHERE)
    assert isinstance(there.observe(facts.Ref(NAME)), facts.Present)
    assert isinstance(here.observe(facts.Ref(NAME)), facts.Absent)
    again = here.elsewhere(ELSEWHERE)
    assert again.client("secretsmanager", ELSEWHERE) is there.client("secretsmanager", ELSEWHERE)
    assert [call.action for call in aws.calls].count("AssumeRole") == 1


@pytest.mark.parametrize(
    ("region", "has", "has_not"),
    [
        ("eu-west-1", "us-east-1", "cn-north-1"),
        ("cn-north-1", "cn-northwest-1", "us-east-1"),
        (None, "us-east-1", "cn-north-1"),
    ],
)
def test_the_regions_of_a_partition(
    aws: emulation.Aws, region: str | None, has: str, has_not: str
) -> None:
    """What the SDK knows; without any region it is the partition that most people use."""
    regions = AwsStore(Connection(region=region)).regions
    assert has in regions
    assert has_not not in regions
    assert aws.calls == []


@pytest.mark.parametrize(
    "service",
    [
        pytest.param("secretsmanager", id="the SDK takes it for an empty answer"),
        pytest.param("sts", id="the SDK cannot read it"),
    ],
)
def test_an_answer_that_is_not_of_aws(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's page, with a status that says that all is well."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with proxy() as url:
        where = Connection(
            region=worlds.REGION,
            accounts=("111122223333",) if service == "sts" else (),
            endpoints=((service, url),),
        )
        with pytest.raises(errors.Temporary, match="not AWS's: check endpoint and proxy") as told:
            AwsStore(where).observe(facts.Ref(NAME))
    assert "canary" not in str(told.value)
    assert told.value.__cause__ is told.value.__context__ is None
