"""Names that stand for something: ARNs, owner tags, marks, records of replicas, tags of others."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from lambda_handler import identity, protocol

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets.cli import targets
from recoverable_secrets.core import bounds, facts, orphans, ownership, parse, replication, rotation
from recoverable_secrets.core import pending as pendings
from recoverable_secrets.core.model import Spec
from recoverable_secrets.stores import aws_wire, limits

Draw = Callable[[st.SearchStrategy[Any]], Any]

HOME = "arn:aws:lambda:eu-west-1:111122223333:function:recoverable-secrets"
PLAIN = st.text(max_size=20) | st.sampled_from(odd.TEXTS)
TAG = re.compile(r"[A-Za-z0-9 _.:/=+@-]{0,256}")


def request(id_: str, *, stack: str = "", logical: str = "Secret") -> protocol.Request:
    """Return the request of an event with a physical id."""
    mark = ownership.digest("stack", logical) + "." + ownership.digest("request")
    return protocol.Request(
        kind="Delete", stack_id=stack, logical_id=logical, id=id_, properties={}, old={},
        mark=mark, function=HOME, seconds=lambda: 60.0,
    )  # fmt: skip


ARNS = st.sampled_from((
    grammar.ARN, f"{grammar.ARN}-AbCdEf", grammar.ARN[:-7], grammar.FUNCTION,
    "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-b-123456",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + "n" * 512 + "-AbCdEf",
))  # fmt: skip
DIGITS = ("\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663",
          "\uff11\uff11\uff11\uff11\uff12\uff12\uff12\uff12\uff13\uff13\uff13\uff13")  # fmt: skip
ALIKE = tuple(grammar.ARN.replace("111122223333", digits) for digits in DIGITS)


def test_arns(fuzz: Fuzz) -> None:
    """What passes for a full ARN is one, to the command, the function and the store alike."""

    def check(given: str) -> str:
        parts, whole = aws_wire.Arn.parse(given), targets.arn(given)
        here = identity.is_here(request(given))
        if whole is None and not here:
            assert not re.fullmatch(
                r"arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@!-]{1,512}-\w{6}",
                given, re.ASCII,
            ) or "_" in given[-6:]  # fmt: skip
            return REFUSED
        assert given.isascii(), "what only looks like an ARN is taken for one"
        assert given.isprintable()
        assert parts is not None
        if whole:
            assert whole["region"] == parts.region
            name = whole["name"]
            assert not list(parse.name_problems(name[:512], limits.AWS))
        if here:
            name = identity.name_in(given)
            assert f"{given[: -len(name) - 7]}{name}{given[-7:]}" == given
            assert (parts.partition, parts.region, parts.account) == (
                "aws", "eu-west-1", "111122223333",
            )  # fmt: skip
        return ACCEPTED

    fuzz.run(check, ARNS | odd.mutated_text(ARNS), ALIKE)


@st.composite
def labels(draw: Draw) -> list[str]:
    """Parts of a name or owner."""
    return draw(st.lists(PLAIN | odd.mutated_text(PLAIN), min_size=1, max_size=4))


def unescaped(text: str) -> str:
    """Return what an escaped text stands for."""
    content = re.sub("=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)
    return content.encode("latin-1").decode("utf-8", "surrogatepass")


def test_owner_tags(fuzz: Fuzz) -> None:
    """Tags and names that are made of anything fit AWS, and tell apart what they are made of."""

    def check(parts: list[str]) -> str:
        for part in parts:
            escaped = ownership.escape(part, "A-Za-z0-9 _.+@-", 10**6)
            assert unescaped(escaped) == part, "different texts become the same"
            assert len(ownership.escape(part, "A-Za-z0-9", 30)) <= 30
        tag = ownership.owner(parts, "\0".join(parts))
        assert TAG.fullmatch(tag)
        assert TAG.fullmatch(ownership.named_owner(parts[0]))
        assert tag != ownership.owner([*parts, ""], "\0".join([*parts, ""]))
        name = ownership.default_name(parts)
        assert len(name) <= limits.AWS.name_length
        assert re.fullmatch("[A-Za-z0-9/_+=.@-]*", name)
        label = pendings.label(tag)
        assert label is not None
        assert tag.startswith(label)
        claimed = orphans.claim(ownership.owner(("pulumi", *parts), "x"))
        if claimed is not None and len(parts) == 3:
            assert claimed.stack.path == (orphans.part(parts[0]), orphans.part(parts[1]))
        return ACCEPTED

    fuzz.run(check, labels(), [["\ud800"], ["", ""]], fewest=0)


OURS = request("").mark
MARKS = st.sampled_from((
    "", OURS, OURS.partition(".")[0], OURS + "x", "1f" * 16, ".", f"{OURS}.{OURS}",
    f"{protocol.NOT_CREATED}{OURS}", f"{protocol.NOT_CREATED}{'0' * 16}.{'1' * 16}",
    f"recoverable-secrets-{'0f' * 16}", grammar.ARN,
))  # fmt: skip


def test_marks(fuzz: Fuzz) -> None:
    """No id and no tag makes the secret of another stack pass for one of this stack."""

    def check(given: tuple[str, str]) -> str:
        id_, live = given
        asked = identity.mark_to_delete(request(id_))
        assert identity.of_stack(asked) == identity.of_stack(OURS), "it would delete for others"
        mine = ownership.marks(asked, {ownership.INSTANCE: live})
        assert not mine or identity.of_stack(live) == identity.of_stack(OURS)
        assert ownership.is_ours(live) == bool(
            re.fullmatch("recoverable-secrets-[0-9a-f]{32}", live)
        )
        assert not ownership.is_ours(live) or (live.isascii() and live.isprintable())
        return ACCEPTED if mine else REFUSED

    pieces = MARKS | odd.mutated_text(MARKS)
    fuzz.run(check, st.tuples(pieces, pieces))


REPLICAS = st.lists(
    st.builds(
        facts.Replica,
        region=st.sampled_from(grammar.REGIONS),
        kms_key_id=st.sampled_from((None, *filter(None, grammar.KEYS))),
    ),
    unique_by=lambda replica: replica.region,
    max_size=5,
)
RECORDS = REPLICAS.map(replication.record)
NO_REGIONS = ("=alias/app", "eu-west-1 eu-west-1", "eu-west-1=a=b =", "nowhere", "\u00e9u-west-1")


def test_replica_records(fuzz: Fuzz) -> None:
    """Of a record that others wrote only regions count: a restore asks AWS for these."""

    def check(given: str) -> str:
        told = replication.recorded({ownership.REPLICAS: given})
        regions = [replica.region for replica in told]
        for replica in told:
            pattern, _ = bounds.PATTERNS["replicas.region"]
            assert re.fullmatch(pattern, replica.region), f"no region: {replica.region!r}"
            pattern, _ = bounds.PATTERNS["replicas.kms_key_id"]
            assert re.fullmatch(pattern, replica.kms_key_id or "")
        assert len(set(regions)) == len(regions), "AWS refuses a region that is named twice"
        again = replication.recorded({ownership.REPLICAS: replication.record(told)})
        assert {each.region for each in again} <= set(regions)
        if len(given) <= 200:
            assert {each.region for each in again} == set(regions)
        return ACCEPTED if told else REFUSED

    fuzz.run(check, RECORDS | odd.mutated_text(RECORDS), NO_REGIONS)


TAGS = grammar.some({
    ownership.OWNER: st.sampled_from(("pulumi/shop/dev/db:0123456789abcdef", "me", "")),
    ownership.INSTANCE: MARKS,
    ownership.ORIGIN: st.sampled_from(("created", "restored", "adopted", "found adopted", "x")),
    ownership.REPLICAS: RECORDS,
    ownership.ROTATION: st.sampled_from(("on", "off", "On", "")),
    ownership.HANDOVER: st.just("true"),
    "team": st.just("shop"),
    "aws:cloudformation:stack-name": st.just("shop"),
    "aws:cloudformation:logical-id": st.just("Secret"),
})  # fmt: skip


def test_tags_of_others(fuzz: Fuzz) -> None:
    """Tags in any shape are read the same in both forms, and say no more than they may."""

    def check(given: Any) -> str:
        tags = {str(k): v for k, v in given.items()} if isinstance(given, dict) else {}
        texts = {k: v for k, v in tags.items() if isinstance(v, str)}
        pairs = [{"Key": key, "Value": content} for key, content in tags.items()]
        as_list, as_map = parse.recall({"tags": pairs}), parse.recall({"tags": tags})
        assert as_list == as_map
        secret = aws_wire.secret({
            "ARN": grammar.ARN, "Name": "app/db",
            "Tags": [{"Key": key, "Value": content} for key, content in texts.items()],
        })  # fmt: skip
        assert dict(secret.tags) == texts
        assert not any(key.startswith(ownership.PREFIX) for key in ownership.of_users(texts))
        present = facts.Present(secret=secret)
        assert rotation._flagged(present) == (texts.get(ownership.ROTATION) == "on")
        if replication.of_record(secret):
            assert secret.region not in {each.region for each in replication.recorded(texts)}
        adopted = ownership.adopted(texts)
        assert adopted == (texts.get(ownership.ORIGIN, "").split(" ")[-1] == "adopted" or
                           texts.get(ownership.ORIGIN) == "adopted pending")  # fmt: skip
        _, problems = judge.outcome(lambda: parse.parse({"tags": pairs}, limits.AWS))
        assert isinstance(secret.tags, MappingProxyType)
        reserved = any(key.lower().startswith(("aws:", ownership.PREFIX)) for key in texts)
        assert problems or not reserved, "a declaration could claim what is another's"
        return REFUSED if problems else ACCEPTED

    assert Spec().tags is None
    fuzz.run(check, odd.mutated(TAGS, most=2))
