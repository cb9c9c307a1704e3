"""What no test noticed when the code was broken on purpose; see tests/defects."""

from __future__ import annotations

from cli.conftest import Runner, World


def test_without_being_asked_not_one_name_is_taken_among_arns(ran: Runner, world: World) -> None:
    """A name may stand for another secret by now: nothing goes, the ARN's secret neither."""
    arn = world.pending("a")
    world.pending("b")
    done = ran("purge", arn, "b", "--yes")
    assert done.code == 2
    assert "full ARNs only" in done.err
    assert [world.aws.secret(name).state for name in ("a", "b")] == ["pending", "pending"]
