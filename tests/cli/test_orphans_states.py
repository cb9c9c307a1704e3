"""`orphans`: what states of Pulumi tell, and files that are none."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.orphaned import CANARY, HERE, PULUMI, verdicts, written
from recoverable_secrets.cli import findings, states

# Pulumi ---------------------------------------------------------------------------------------


def test_without_a_state_the_secrets_of_pulumi_are_unknown(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    found = verdicts(ran, code=0)
    verdict, why = found[f"shop/dev/db {HERE}"]
    assert verdict == "unknown"
    assert "pulumi/shop/dev" in why
    assert "--state" in why


def test_a_state_tells_what_its_stack_declares(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    state = str(written(tmp_path / "dev.json", arn=arn))
    assert verdicts(ran, "--state", state, code=0)[f"shop/dev/db {HERE}"][0] == "declared"


def test_what_a_state_does_not_declare_is_an_orphan(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    world.pending("shop/dev/old", owner=PULUMI)
    state = str(written(tmp_path / "dev.json"))
    run = ran("orphans", "--json", "--state", state)
    told = findings.Orphans.model_validate(run.json)
    assert run.code == 6, "a live one was found"
    assert (told.live_orphans, told.pending_orphans) == (1, 1)
    live, pending = told.secrets
    assert live.todo == [
        f"recoverable-secrets owner set OWNER {arn}",
        f"recoverable-secrets delete {arn}",
    ]
    assert pending.state == "pending deletion"
    assert [each.split()[1] for each in pending.todo] == ["restore"]
    assert told.stacks == ["pulumi/shop/dev"]


def test_what_is_pending_deletion_is_no_reason_to_fail(world: Any, ran: Any) -> None:
    world.pending("shop/dev/db", owner=PULUMI)
    found = verdicts(ran, "--removed", "shop/dev", code=0)
    assert found[f"shop/dev/db {HERE}"][0] == "orphan", (
        "a teardown leaves it, and it goes by itself"
    )


def test_the_old_secret_of_a_replacement(world: Any, ran: Any, tmp_path: Path) -> None:
    world.pending("shop/dev/old", owner=PULUMI)
    new = world.make("shop/dev/new", owner=PULUMI)
    found = verdicts(ran, "--state", str(written(tmp_path / "s.json", arn=new)), code=0)
    assert found[f"shop/dev/new {HERE}"][0] == "declared"
    verdict, why = found[f"shop/dev/old {HERE}"]
    assert verdict == "orphan"
    assert "shop/dev/new" in why, "what stands in its place"


def test_a_folder_of_a_backend(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    folder = tmp_path / ".pulumi" / "stacks" / "shop"
    written(folder / "prod.json", stack="prod")
    state = written(folder / "dev.json", arn=arn)
    packed = folder / "dev.json.gz"
    packed.write_bytes(gzip.compress(state.read_bytes()))
    state.rename(folder / "dev.json.bak")
    written(tmp_path / ".pulumi" / "backups" / "shop" / "old" / "old.1.json", stack="old")
    for given in (tmp_path, tmp_path / ".pulumi", tmp_path / ".pulumi" / "stacks", folder):
        found = ran("orphans", "--json", "--state", str(given))
        assert found.code == 0
        assert found.json["stacks"] == ["pulumi/shop/dev", "pulumi/shop/prod"], "no backups"


def test_two_states_of_one_stack_are_taken_together(world: Any, ran: Any, tmp_path: Path) -> None:
    first, second = world.make("a", owner=PULUMI), world.make("b", owner="other")
    one, two = (
        written(tmp_path / "1.json", arn=first),
        written(tmp_path / "2.json", arn=second, owner="other"),
    )
    found = verdicts(ran, "--state", str(one), "--state", str(two), code=0)
    assert {verdict for verdict, _ in found.values()} == {"declared"}


def test_a_state_from_stdin(
    world: Any, ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    content = written(tmp_path / "dev.json", arn=arn).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert verdicts(ran, "--state", "-", code=0)[f"shop/dev/db {HERE}"][0] == "declared"


def test_an_empty_export_says_whose_it_is(world: Any, ran: Any, tmp_path: Path) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    empty = tmp_path / "empty.json"
    empty.write_text('{"version": 3, "deployment": {}}')
    run = ran("orphans", "--state", str(empty))
    assert run.code == 2
    assert "PROJECT/STACK=FILE" in run.err
    assert verdicts(ran, "--state", f"shop/dev={empty}", code=6)


def test_nothing_of_a_state_is_ever_shown(world: Any, ran: Any, tmp_path: Path) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    state = written(tmp_path / "dev.json", arn="arn:aws:secretsmanager:x:1:secret:y")
    broken = tmp_path / "broken.json"
    broken.write_text(state.read_text()[:-2] + CANARY)
    runs = [ran("orphans", "--state", str(each), *more)
            for each in (state, broken) for more in ((), ("--json",))]  # fmt: skip
    assert [run.code for run in runs] == [6, 6, 2, 2]
    for run in runs:
        assert "canary" not in run.out + run.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is not JSON: line 1, column 1", id="empty"),
        pytest.param(b"{]", "is not JSON: line 1, column 2", id="not JSON"),
        pytest.param(b"\xff\xfe{}", "is not text in UTF-8", id="another encoding"),
        pytest.param(b"[]", "is no state of Pulumi", id="JSON, but no state"),
        pytest.param(b"[" * 100_000, "too deep", id="no end of brackets"),
        pytest.param(b'{"version": ' + b"9" * 5000 + b"}", "too long", id="no end of digits"),
        pytest.param(b"\x1f\x8bnonsense", "cannot be unpacked", id="packed, but torn"),
        pytest.param(gzip.compress(b"{}")[:-9], "cannot be unpacked", id="packed, but cut"),
    ],
)
def test_files_that_are_no_states(
    world: Any, ran: Any, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "dev.json"
    path.write_bytes(content)
    run = ran("orphans", "--state", str(path))
    assert run.code == 2
    assert says in run.err
    assert not world.aws.calls, "the state is read before anything is asked"


def test_files_that_cannot_be_read(
    world: Any, ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    given = ("--state", str(tmp_path / "none.json"), "--state", str(tmp_path / "empty"))
    run = ran("orphans", *given, "--state", "a\0b", "--state", "", "--removed", "dev")
    assert run.code == 2
    assert run.err.count("error:") == 5, "all problems at once"
    for text in ("No such file", "without any state", "no such name", "is empty", "PROJECT/STACK"):
        assert text in run.err

    def denied(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path / "dev.json")
    monkeypatch.setattr(Path, "open", denied)
    run = ran("orphans", "--state", str(path))
    assert run.code == 2
    assert "Permission denied" in run.err
    monkeypatch.setattr(Path, "is_dir", denied)
    assert ran("orphans", "--state", str(path)).code == 2


def test_a_stack_cannot_be_removed_and_there(world: Any, ran: Any, tmp_path: Path) -> None:
    state = str(written(tmp_path / "dev.json"))
    run = ran("orphans", "--state", state, "--removed", "shop/dev")
    assert run.code == 2
    assert "shows that it exists" in run.err


@pytest.mark.parametrize("packed", [False, True])
def test_a_state_that_is_too_large_is_not_read(
    world: Any, ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    monkeypatch.setattr(states, "LIMIT", 2**20)
    content = b" " * (2**20 + 1)
    path = tmp_path / "dev.json"
    path.write_bytes(gzip.compress(content) if packed else content)
    run = ran("orphans", "--state", str(path))
    assert run.code == 2
    assert "larger than 1 MiB" in run.err


def test_of_a_large_state_little_is_kept(tmp_path: Path) -> None:
    resource = {"urn": "urn:pulumi:dev::shop::x:y:Z::n", "outputs": {"big": {"x": "y" * 500}}}
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"deployment": {"resources": [resource] * 20_000}}))
    size = path.stat().st_size
    tracemalloc.start()
    states.read([str(path)], [])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * size, "whole, its objects would take far more than its text twice"
