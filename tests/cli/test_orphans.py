"""`orphans`: which secrets no stack declares any more."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import services
from cli.schema import problems_of
from cli.services import DENIED, Fault, Services, once
from emulation import crowd, faults
from recoverable_secrets.cli import findings, states
from recoverable_secrets.core import ownership

ACCOUNT = "123456789012"
HERE, THERE = "us-east-1", "eu-west-1"
PULUMI = ownership.owner(("pulumi", "shop", "dev", "db"), "urn")
DB = ownership.owner(("cloudformation", "net", "Db"), "label")
CANARY = "canary-77ab-value"
GONE = Fault("ValidationError", "Stack with id net does not exist")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Services]:
    """CloudFormation without any stack."""
    with services.serve() as (canned, variables):
        for name, url in variables.items():
            monkeypatch.setenv(name, url)
            world.env[name] = url
        canned.answers["cloudformation:ListStackResources"] = GONE
        canned.answers["cloudformation:ListStacks"] = {"StackSummaries": []}
        yield canned


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch)


def _state(path: Path, *, owner: str = PULUMI, arn: str | None = None, stack: str = "dev") -> Path:
    urn = f"urn:pulumi:{stack}::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db"
    sealed = {"secret_string": {"plaintext": json.dumps(CANARY)}, "description": CANARY}
    listed = [{"urn": f"urn:pulumi:{stack}::shop::pulumi:pulumi:Stack::shop-{stack}"}]
    listed += [{"urn": urn, "id": arn, "outputs": {"owner": owner, "arn": arn, **sealed}}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"version": 3, "deployment": {"resources": listed[: 1 + bool(arn)]}})
    )
    return path


def _summary(logical: str, physical: str | None, kind: str = "Custom::RecoverableSecret") -> Any:
    told = {"LogicalResourceId": logical, "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE"}
    return told | ({"PhysicalResourceId": physical} if physical else {})


def _stack(*resources: Any, status: str = "CREATE_COMPLETE") -> Any:
    return {"StackResourceSummaries": [each | {"ResourceStatus": status} for each in resources]}


def _verdicts(ran: Any, *arguments: str, code: int) -> dict[str, tuple[str, str]]:
    run = ran("orphans", "--json", *arguments)
    assert run.code == code, run.err
    assert problems_of("orphans", run.json) == []
    told = findings.Orphans.model_validate(run.json)
    return {f"{each.name} {each.region}": (str(each.verdict), each.why) for each in told.secrets}


# Pulumi ---------------------------------------------------------------------------------------


def test_without_a_state_the_secrets_of_pulumi_are_unknown(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    found = _verdicts(ran, code=0)
    verdict, why = found[f"shop/dev/db {HERE}"]
    assert verdict == "unknown"
    assert "pulumi/shop/dev" in why
    assert "--state" in why


def test_a_state_tells_what_its_stack_declares(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    state = str(_state(tmp_path / "dev.json", arn=arn))
    assert _verdicts(ran, "--state", state, code=0)[f"shop/dev/db {HERE}"][0] == "declared"


def test_what_a_state_does_not_declare_is_an_orphan(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    world.pending("shop/dev/old", owner=PULUMI)
    state = str(_state(tmp_path / "dev.json"))
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
    found = _verdicts(ran, "--removed", "shop/dev", code=0)
    assert found[f"shop/dev/db {HERE}"][0] == "orphan", (
        "a teardown leaves it, and it goes by itself"
    )


def test_the_old_secret_of_a_replacement(world: Any, ran: Any, tmp_path: Path) -> None:
    world.pending("shop/dev/old", owner=PULUMI)
    new = world.make("shop/dev/new", owner=PULUMI)
    found = _verdicts(ran, "--state", str(_state(tmp_path / "s.json", arn=new)), code=0)
    assert found[f"shop/dev/new {HERE}"][0] == "declared"
    verdict, why = found[f"shop/dev/old {HERE}"]
    assert verdict == "orphan"
    assert "shop/dev/new" in why, "what stands in its place"


def test_a_folder_of_a_backend(world: Any, ran: Any, tmp_path: Path) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    folder = tmp_path / ".pulumi" / "stacks" / "shop"
    _state(folder / "prod.json", stack="prod")
    state = _state(folder / "dev.json", arn=arn)
    packed = folder / "dev.json.gz"
    packed.write_bytes(gzip.compress(state.read_bytes()))
    state.rename(folder / "dev.json.bak")
    _state(tmp_path / ".pulumi" / "backups" / "shop" / "old" / "old.1.json", stack="old")
    for given in (tmp_path, tmp_path / ".pulumi", tmp_path / ".pulumi" / "stacks", folder):
        found = ran("orphans", "--json", "--state", str(given))
        assert found.code == 0
        assert found.json["stacks"] == ["pulumi/shop/dev", "pulumi/shop/prod"], "no backups"


def test_two_states_of_one_stack_are_taken_together(world: Any, ran: Any, tmp_path: Path) -> None:
    first, second = world.make("a", owner=PULUMI), world.make("b", owner="other")
    one, two = (
        _state(tmp_path / "1.json", arn=first),
        _state(tmp_path / "2.json", arn=second, owner="other"),
    )
    found = _verdicts(ran, "--state", str(one), "--state", str(two), code=0)
    assert {verdict for verdict, _ in found.values()} == {"declared"}


def test_a_state_from_stdin(
    world: Any, ran: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.make("shop/dev/db", owner=PULUMI)
    content = _state(tmp_path / "dev.json", arn=arn).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert _verdicts(ran, "--state", "-", code=0)[f"shop/dev/db {HERE}"][0] == "declared"


def test_an_empty_export_says_whose_it_is(world: Any, ran: Any, tmp_path: Path) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    empty = tmp_path / "empty.json"
    empty.write_text('{"version": 3, "deployment": {}}')
    run = ran("orphans", "--state", str(empty))
    assert run.code == 2
    assert "PROJECT/STACK=FILE" in run.err
    assert _verdicts(ran, "--state", f"shop/dev={empty}", code=6)


def test_nothing_of_a_state_is_ever_shown(world: Any, ran: Any, tmp_path: Path) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    state = _state(tmp_path / "dev.json", arn="arn:aws:secretsmanager:x:1:secret:y")
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

    path = _state(tmp_path / "dev.json")
    monkeypatch.setattr(Path, "open", denied)
    run = ran("orphans", "--state", str(path))
    assert run.code == 2
    assert "Permission denied" in run.err
    monkeypatch.setattr(Path, "is_dir", denied)
    assert ran("orphans", "--state", str(path)).code == 2


def test_a_stack_cannot_be_removed_and_there(world: Any, ran: Any, tmp_path: Path) -> None:
    state = str(_state(tmp_path / "dev.json"))
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


# CloudFormation -------------------------------------------------------------------------------


def test_a_stack_that_is_gone(cloud: Services, world: Any, ran: Any) -> None:
    world.make("net/Db", owner=DB)
    verdict, why = _verdicts(ran, code=6)[f"net/Db {HERE}"]
    assert verdict == "orphan"
    assert "there is no stack net in us-east-1" in why


@pytest.mark.parametrize(
    ("resources", "verdict", "code"),
    [
        pytest.param(lambda arn: _stack(_summary("Db", arn)), "declared", 0, id="has it"),
        pytest.param(
            lambda arn: _stack(_summary("Renamed", arn)), "declared", 0, id="by another logical id"
        ),
        pytest.param(lambda _: _stack(_summary("Other", "x")), "orphan", 6, id="has it no more"),
        pytest.param(
            lambda _: _stack(_summary("Db", "arn:aws:of:another")), "orphan", 6, id="has another"
        ),
        pytest.param(lambda _: _stack(_summary("Db", None)), "declared", 0, id="makes it just now"),
        pytest.param(
            lambda arn: _stack(_summary("Db", arn), status="DELETE_SKIPPED"),
            "orphan",
            6,
            id="retained it, and let it go",
        ),
    ],
)
def test_a_stack_that_exists(
    cloud: Services, world: Any, ran: Any, resources: Any, verdict: str, code: int
) -> None:
    arn = world.make("net/Db", owner=DB)
    cloud.answers["cloudformation:ListStackResources"] = resources(arn)
    assert _verdicts(ran, code=code)[f"net/Db {HERE}"][0] == verdict


def test_each_stack_is_asked_once_and_in_its_region(cloud: Services, world: Any, ran: Any) -> None:
    arns = {}
    for region in (HERE, THERE):
        for number in range(3):
            tag = ownership.owner(("cloudformation", "net", f"Db{number}"), "label")
            arns[region, number] = world.make(f"net/{number}", owner=tag, region=region)

    def listed(params: dict[str, Any], region: str) -> Any:
        page = int(params.get("NextToken", "0"))
        more = {"NextToken": str(page + 1)} if page < 2 else {}
        return _stack(_summary(f"Db{page}", arns[region, page])) | more

    cloud.answers["cloudformation:ListStackResources"] = listed
    found = _verdicts(ran, "--region", HERE, "--region", THERE, code=0)
    assert len(found) == 6
    assert {verdict for verdict, _ in found.values()} == {"declared"}
    asked = [(region, params.get("NextToken")) for _, _, region, params in cloud.asked]
    assert asked == [(r, token) for r in (HERE, THERE) for token in (None, "1", "2")]


def test_nested_stacks_are_found_through_their_parents(
    cloud: Services, world: Any, ran: Any
) -> None:
    tags = {name: ownership.owner(("cloudformation", "net", name, "Db"), "label")
            for name in ("Inner", "Short", "Torn", "None")}  # fmt: skip
    arns = {name: world.make(f"net/{name}", owner=tag) for name, tag in tags.items()}
    ids = {
        "Inner": f"arn:aws:cloudformation:{HERE}:{ACCOUNT}:stack/net-Inner-1ABCDEFGHIJKL/g",
        "Shortened": f"arn:aws:cloudformation:{HERE}:{ACCOUNT}:stack/net-Short-1ABCDEFGHIJKL/g",
        "Torn": f"arn:aws:cloudformation:{HERE}:{ACCOUNT}:stack/net-Torn-1ABCDEFGHIJKL/g",
    }

    def listed(params: dict[str, Any], _: str) -> Any:
        stack = params["StackName"]
        if stack == "net":
            nested = [_summary(n, id_, "AWS::CloudFormation::Stack") for n, id_ in ids.items()]
            return _stack(_summary("Topic", "t"), *nested)
        if "Torn" in stack:
            return GONE
        return _stack(_summary("Db", arns["Inner" if "Inner" in stack else "Short"]))

    cloud.answers["cloudformation:ListStackResources"] = listed
    found = _verdicts(ran, code=6)
    assert found[f"net/Inner {HERE}"][0] == "declared"
    assert found[f"net/Short {HERE}"][0] == "declared", "CloudFormation cuts long logical ids"
    assert "does not exist" in found[f"net/Torn {HERE}"][1]
    assert "has no nested stack None" in found[f"net/None {HERE}"][1]
    assert cloud.operations("cloudformation") == ["ListStackResources"] * 4


@pytest.mark.parametrize(
    ("names", "verdict", "code"),
    [
        pytest.param(
            ["StackSet-net-12345678-1234-1234-1234-123456789012"], "declared", 0, id="one"
        ),
        pytest.param([], "orphan", 6, id="none"),
        pytest.param(["StackSet-net-other", "x"], "orphan", 6, id="of others only"),
        pytest.param(
            [f"StackSet-net-12345678-1234-1234-1234-12345678901{n}" for n in (1, 2)],
            "unknown",
            0,
            id="two: which one it was is not told",
        ),
    ],
)
def test_instances_of_a_stack_set_are_found_by_the_list(
    cloud: Services, world: Any, ran: Any, names: list[str], verdict: str, code: int
) -> None:
    tag = ownership.owner(("cloudformation", "StackSet-net", "Db"), "label")
    arn = world.make("net/Db", owner=tag)
    gone = {"StackName": "StackSet-net-99999999-1234-1234-1234-123456789012",
            "StackStatus": "DELETE_COMPLETE"}  # fmt: skip
    cloud.answers["cloudformation:ListStacks"] = {
        "StackSummaries": [gone, *({"StackName": n, "StackStatus": "X"} for n in names)]
    }
    cloud.answers["cloudformation:ListStackResources"] = lambda params, _: (
        _stack(_summary("Db", arn)) if params["StackName"] in names else GONE
    )
    assert _verdicts(ran, code=code)[f"net/Db {HERE}"][0] == verdict


def test_a_stack_whose_name_was_cut_in_the_tag(cloud: Services, world: Any, ran: Any) -> None:
    long = "n" * 100
    arn = world.make("x", owner=ownership.owner(("cloudformation", long, "Db"), "label"))
    cloud.answers["cloudformation:ListStacks"] = {
        "StackSummaries": [{"StackName": long, "StackStatus": "UPDATE_COMPLETE"}]
    }
    cloud.answers["cloudformation:ListStackResources"] = _stack(_summary("Db", arn))
    assert _verdicts(ran, code=0)[f"x {HERE}"][0] == "declared"


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        pytest.param(DENIED, 4, "cloudformation:ListStackResources", id="no permission"),
        pytest.param(Fault("Throttling", "Rate exceeded"), 5, "run again later", id="throttled"),
        pytest.param(None, 5, "no answer", id="unreachable"),
        pytest.param(Fault("Odd", "what is this"), 1, "Odd", id="anything else"),
    ],
)
def test_what_cannot_be_asked_is_unknown(
    cloud: Services, world: Any, ran: Any, answer: Any, code: int, says: str
) -> None:
    world.make("net/Db", owner=DB)
    world.make("two/Db", owner=ownership.owner(("cloudformation", "two", "Db"), "label"))
    cloud.answers["cloudformation:ListStackResources"] = answer
    run = ran("orphans", "--json")
    assert run.code == code
    assert {each["verdict"] for each in run.json["secrets"]} == {"unknown"}
    assert [says in each["text"] for each in run.json["problems"]] == [True], "said once"


def test_cloudformation_need_not_be_asked(cloud: Services, world: Any, ran: Any) -> None:
    world.make("net/Db", owner=DB)
    found = _verdicts(ran, "--no-cloudformation", code=0)
    assert found[f"net/Db {HERE}"] == ("unknown", "CloudFormation was not asked")
    assert not cloud.asked


def test_pages_that_never_end_are_left(cloud: Services, world: Any, ran: Any) -> None:
    arn = world.make("net/Db", owner=DB)
    cloud.answers["cloudformation:ListStackResources"] = _stack(_summary("Db", arn)) | {
        "NextToken": "same"
    }
    assert _verdicts(ran, code=0)[f"net/Db {HERE}"][0] == "declared"
    assert len(cloud.asked) == 2


# What is listed -------------------------------------------------------------------------------


def test_no_secrets_at_all(world: Any, ran: Any) -> None:
    run = ran("orphans")
    assert run.code == 0
    assert "no orphans" in run.out


def test_replicas_and_strangers_are_passed_over(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI, AddReplicaRegions=[{"Region": THERE}])
    world.make("strangers", owner=None)
    run = ran("orphans", "--json", "--region", HERE, "--region", THERE)
    assert [each["region"] for each in run.json["secrets"]] == [HERE]
    assert run.json["unowned"] == 1


def test_filters(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    world.make("net/Db", owner=ownership.owner(("pulumi", "shop", "dev2", "db"), "urn"))
    assert set(_verdicts(ran, "--owner", "pulumi/shop/dev", code=0)) == {f"shop/dev/db {HERE}"}
    assert set(_verdicts(ran, "--name-prefix", "net/", code=0)) == {f"net/Db {HERE}"}
    assert ran("orphans", "--name-prefix", "a b").code == 2


def test_the_table(cloud: Services, world: Any, ran: Any, tmp_path: Path) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    world.pending("net/Db", owner=DB)
    world.make("shop/prod/db", owner=ownership.owner(("pulumi", "shop", "prod", "db"), "urn"))
    given = ("--removed", "shop/dev", "--region", HERE, "--region", THERE)
    run = ran("orphans", *given)
    assert run.code == 6
    for text in ("shop/dev/db", "net/Db", "shop/prod/db", HERE, "owner set", "restore NAME"):
        assert text in run.out
    assert "1 orphans live, 1 pending deletion; 1 unknown" in " ".join(run.out.split())


def test_a_region_that_fails_does_not_stop_the_others(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI, region=THERE)
    world.aws.inject(faults.Throttle("ListSecrets", times=9))
    run = ran("orphans", "--json", "--region", HERE, "--region", THERE)
    assert run.code == 5
    assert [each["region"] for each in run.json["secrets"]] == [THERE]
    assert run.json["problems"][0]["region"] == HERE


def test_many_secrets_as_a_process(cloud: Services, world: Any) -> None:
    tags = {ownership.OWNER: DB}
    crowd.plant(world.aws, 5000, tags=tags, pending=False)
    run = world.process("orphans", "--json")
    assert run.code == 6
    assert run.json["live_orphans"] == 5000
    assert cloud.operations("cloudformation") == ["ListStackResources"], "one stack, one call"
    assert world.aws.actions() == ["ListSecrets"] * 50
    assert "pages" in run.err, "it says how far it is"
