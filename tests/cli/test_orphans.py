"""`orphans`: which secrets no stack declares any more; stacks of CloudFormation, and the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import orphaned
from cli.orphaned import ACCOUNT, DB, GONE, HERE, PULUMI, THERE, stack, summary, verdicts
from cli.services import DENIED, Fault, Services, once
from emulation import crowd, faults
from recoverable_secrets.core import ownership


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Services]:
    """CloudFormation without any stack."""
    with orphaned.formation(monkeypatch, world) as canned:
        yield canned


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch)


# CloudFormation -------------------------------------------------------------------------------


def test_a_stack_that_is_gone(cloud: Services, world: Any, ran: Any) -> None:
    world.make("net/Db", owner=DB)
    verdict, why = verdicts(ran, code=6)[f"net/Db {HERE}"]
    assert verdict == "orphan"
    assert "there is no stack net in us-east-1" in why


@pytest.mark.parametrize(
    ("resources", "verdict", "code"),
    [
        pytest.param(lambda arn: stack(summary("Db", arn)), "declared", 0, id="has it"),
        pytest.param(
            lambda arn: stack(summary("Renamed", arn)), "declared", 0, id="by another logical id"
        ),
        pytest.param(lambda _: stack(summary("Other", "x")), "orphan", 6, id="has it no more"),
        pytest.param(
            lambda _: stack(summary("Db", "arn:aws:of:another")), "orphan", 6, id="has another"
        ),
        pytest.param(lambda _: stack(summary("Db", None)), "declared", 0, id="makes it just now"),
        pytest.param(
            lambda arn: stack(summary("Db", arn), status="DELETE_SKIPPED"),
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
    assert verdicts(ran, code=code)[f"net/Db {HERE}"][0] == verdict


def test_each_stack_is_asked_once_and_in_its_region(cloud: Services, world: Any, ran: Any) -> None:
    arns = {}
    for region in (HERE, THERE):
        for number in range(3):
            tag = ownership.owner(("cloudformation", "net", f"Db{number}"), "label")
            arns[region, number] = world.make(f"net/{number}", owner=tag, region=region)

    def listed(params: dict[str, Any], region: str) -> Any:
        page = int(params.get("NextToken", "0"))
        more = {"NextToken": str(page + 1)} if page < 2 else {}
        return stack(summary(f"Db{page}", arns[region, page])) | more

    cloud.answers["cloudformation:ListStackResources"] = listed
    found = verdicts(ran, "--region", HERE, "--region", THERE, code=0)
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
        asked = params["StackName"]
        if asked == "net":
            nested = [summary(n, id_, "AWS::CloudFormation::Stack") for n, id_ in ids.items()]
            return stack(summary("Topic", "t"), *nested)
        if "Torn" in asked:
            return GONE
        return stack(summary("Db", arns["Inner" if "Inner" in asked else "Short"]))

    cloud.answers["cloudformation:ListStackResources"] = listed
    found = verdicts(ran, code=6)
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
        stack(summary("Db", arn)) if params["StackName"] in names else GONE
    )
    assert verdicts(ran, code=code)[f"net/Db {HERE}"][0] == verdict


def test_a_stack_whose_name_was_cut_in_the_tag(cloud: Services, world: Any, ran: Any) -> None:
    long = "n" * 100
    arn = world.make("x", owner=ownership.owner(("cloudformation", long, "Db"), "label"))
    cloud.answers["cloudformation:ListStacks"] = {
        "StackSummaries": [{"StackName": long, "StackStatus": "UPDATE_COMPLETE"}]
    }
    cloud.answers["cloudformation:ListStackResources"] = stack(summary("Db", arn))
    assert verdicts(ran, code=0)[f"x {HERE}"][0] == "declared"


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        pytest.param(DENIED, 4, "cloudformation:ListStackResources", id="no permission"),
        pytest.param(Fault("Throttling", "Rate exceeded"), 5, "run again later", id="throttled"),
        pytest.param(None, 5, "no answer", id="unreachable"),
        pytest.param(Fault("Odd", "what is this"), 1, "Odd", id="anything else"),
    ],
)
@pytest.mark.usefixtures("_no_waiting")
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
    found = verdicts(ran, "--no-cloudformation", code=0)
    assert found[f"net/Db {HERE}"] == ("unknown", "CloudFormation was not asked")
    assert not cloud.asked


def test_pages_that_never_end_prove_nothing(cloud: Services, world: Any, ran: Any) -> None:
    """What stands on the others is not known: it is no orphan for that."""
    world.make("net/Db", owner=DB)
    cloud.answers["cloudformation:ListStackResources"] = stack() | {"NextToken": "same"}
    assert verdicts(ran, code=1)[f"net/Db {HERE}"][0] == "unknown"
    assert len(cloud.asked) == 2


# What is listed -------------------------------------------------------------------------------


def test_no_secrets_at_all(world: Any, ran: Any) -> None:
    run = ran("orphans")
    assert run.code == 0
    assert "orphans: 0 live, 0 pending deletion; unknown: 0" in run.out


def test_replicas_and_strangers_are_passed_over(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI, AddReplicaRegions=[{"Region": THERE}])
    world.make("strangers", owner=None)
    run = ran("orphans", "--json", "--region", HERE, "--region", THERE)
    assert [each["region"] for each in run.json["secrets"]] == [HERE]
    assert run.json["unowned"] == 1


def test_filters(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI)
    world.make("net/Db", owner=ownership.owner(("pulumi", "shop", "dev2", "db"), "urn"))
    assert set(verdicts(ran, "--owner", "pulumi/shop/dev", code=0)) == {f"shop/dev/db {HERE}"}
    assert set(verdicts(ran, "--name-prefix", "net/", code=0)) == {f"net/Db {HERE}"}
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
    assert "orphans: 1 live, 1 pending deletion; unknown: 1; declared: 0" in " ".join(
        run.out.split()
    )


@pytest.mark.usefixtures("_no_waiting")
def test_a_region_that_fails_does_not_stop_the_others(world: Any, ran: Any) -> None:
    world.make("shop/dev/db", owner=PULUMI, region=THERE)
    world.aws.inject(
        faults.Throttle("ListSecrets", times=None, where=lambda asked: asked.region == HERE)
    )
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
