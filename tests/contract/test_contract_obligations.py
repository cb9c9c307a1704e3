"""What stores/__init__.py obliges every store to, beyond the table of states."""

from __future__ import annotations

import datetime as dt
import string

import pytest

from contract import running, table, worlds
from contract.table import FIRST, NAME, NEW, NEXT, OLD
from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.sealed import Sealed

CANARY = "canary-7f1d2c"


def named(world: worlds.World, name: str) -> facts.Ref:
    """Make a secret of this name."""
    made = world.store.apply(facts.Ref(name), table.creation(), OLD)
    assert isinstance(made, plan.Done)
    return facts.Ref(name, made.id)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("prod/db", id="beginning"),
        pytest.param("db-secret", id="end"),
        pytest.param("prod/db-", id="up to the hyphen"),
        pytest.param("PROD/DB-SECRET", id="other case"),
        pytest.param("prod/db-secret-AbC123", id="as if it had an ARN's suffix"),
    ],
)
def test_a_name_is_looked_up_exactly(world: worlds.World, asked: str) -> None:
    named(world, NAME)
    assert world.store.observe(facts.Ref(asked)) == facts.Absent()


@pytest.mark.parametrize(
    ("owner", "cut"),
    [
        pytest.param("app", 7, id="the whole name without its suffix"),
        pytest.param("app-secret", 7, id="a name that looks complete"),
        pytest.param("app", 1, id="one character less"),
    ],
)
def test_a_part_of_an_id_finds_nothing(world: worlds.World, owner: str, cut: int) -> None:
    ref = named(world, owner)
    assert ref.id is not None
    for name in (owner, ref.id[:-cut]):
        assert world.store.observe(facts.Ref(name, ref.id[:-cut])) == facts.Absent()


def test_a_name_like_a_suffix_is_not_taken_for_one(world: worlds.World) -> None:
    """`app` and `app-secret` are two secrets, and stay two through everything."""
    short, long = named(world, "app"), named(world, "app-secret")
    assert short.id != long.id
    world.store.apply(long, plan.ScheduleDeletion(days=7))
    assert isinstance(world.store.observe(short), facts.Present)
    assert isinstance(world.store.observe(facts.Ref("app")), facts.Present)
    assert isinstance(world.store.observe(facts.Ref("app-secret")), facts.PendingDeletion)
    world.store.apply(long, plan.Purge())
    world.pass_time(seconds=worlds.RESERVED_SECONDS)
    assert world.store.observe(facts.Ref("app-secret")) == facts.Absent()
    assert world.shot("app").value == OLD.reveal()


def test_an_id_is_enough(world: worlds.World) -> None:
    """An imported secret is known by its id before anyone knows its name."""
    ref = named(world, NAME)
    assert ref.id is not None
    seen = world.store.observe(facts.Ref(ref.id, ref.id))
    assert isinstance(seen, facts.Present)
    assert seen.secret.name == NAME


def test_a_predecessor_is_gone(world: worlds.World) -> None:
    """The name lives again, the secret of that id does not."""
    old = running.prepare(world, "absent")
    new = named(world, NAME)
    assert old.id != new.id
    assert world.store.observe(old) == facts.Absent()
    assert isinstance(world.store.observe(new), facts.Present)
    before = world.shot(NAME)
    for action in (plan.ScheduleDeletion(days=7), plan.DropPolicy(), plan.Restore()):
        assert isinstance(world.store.apply(old, action), plan.Conflict)
    world.store.apply(old, plan.Purge())
    assert world.shot(NAME) == before


def test_a_restored_secret_is_the_same(world: worlds.World) -> None:
    """Same id, same value, same versions, same tags, same policy."""
    ref = running.prepare(world, "live")
    world.person_puts(NAME, "by a person")
    before = world.shot(NAME)
    world.store.apply(ref, plan.ScheduleDeletion(days=30))
    world.pass_time(days=29)
    assert isinstance(world.store.apply(ref, plan.Restore()), plan.Done)
    assert world.shot(NAME) == before
    assert before.policy == worlds.POLICY


def test_the_end_of_the_window(world: worlds.World) -> None:
    """Until then it can be restored; afterwards nothing of it can be found."""
    ref = running.prepare(world, "pending")
    world.pass_time(days=30, seconds=-1)
    assert isinstance(world.store.observe(ref), facts.PendingDeletion)
    world.pass_time(seconds=1 + worlds.RESERVED_SECONDS)
    assert world.store.observe(ref) == facts.Absent()
    assert isinstance(world.store.apply(ref, plan.Restore()), plan.Conflict)
    assert named(world, NAME).id != ref.id


def test_only_create_finds_a_name_reserved(world: worlds.World) -> None:
    """And when the time is over, the same call goes through."""
    running.prepare(world, "reserved")
    world.pass_time(seconds=worlds.RESERVED_SECONDS - 1)
    assert world.store.observe(facts.Ref(NAME)) == facts.Absent()
    create = table.creation(version=NEXT)
    assert isinstance(world.store.apply(facts.Ref(NAME), create, NEW), plan.Conflict)
    assert world.shot(NAME).state == "reserved"
    world.pass_time(seconds=1)
    assert isinstance(world.store.apply(facts.Ref(NAME), create, NEW), plan.Done)
    assert world.shot(NAME).value == NEW.reveal()


@pytest.mark.parametrize("days", [7, 30])
def test_the_date_of_a_deletion(world: worlds.World, days: int) -> None:
    ref = running.prepare(world, "live")
    done = world.store.apply(ref, plan.ScheduleDeletion(days=days))
    assert isinstance(done, plan.Done)
    assert done.date is not None
    assert done.date.utcoffset() == dt.timedelta(0)
    seen = world.store.observe(ref)
    assert isinstance(seen, facts.PendingDeletion)
    assert seen.date is not None
    assert seen.date.tzinfo is not None
    assert seen.date in {done.date, done.date - dt.timedelta(days=days)}
    world.pass_time(days=days, seconds=worlds.RESERVED_SECONDS)
    assert world.shot(NAME).state == "absent"


def test_a_call_tells_the_version_that_it_made(world: worlds.World) -> None:
    create, write = table.creation(), plan.SetMetadata(source=plan.Source.LITERAL, version=NEXT)
    made = world.store.apply(facts.Ref(NAME), create, OLD)
    assert isinstance(made, plan.Done)
    assert (made.version, world.shot(NAME).version) == (FIRST, FIRST)
    written = world.store.apply(facts.Ref(NAME, made.id), write, NEW)
    assert isinstance(written, plan.Done)
    assert (written.version, world.shot(NAME).version) == (NEXT, NEXT)


def test_no_value_no_version(world: worlds.World) -> None:
    """Neither a creation nor a change without a value tells or makes a version."""
    ref = running.prepare(world, "live without a value")
    change = plan.SetMetadata(description="new")
    for done in (
        world.store.apply(ref, change),
        world.store.apply(facts.Ref("other"), table.creation(source=None)),
    ):
        assert isinstance(done, plan.Done)
        assert done.version is None
    assert world.shot(NAME).versions == world.shot("other").versions == 0


def test_a_persons_value_is_seen_as_not_ours(world: worlds.World) -> None:
    ref = running.prepare(world, "live")
    put = world.person_puts(NAME, CANARY)
    seen = world.store.observe(ref)
    assert isinstance(seen, facts.Present)
    assert seen.secret.version == put
    assert not ownership.is_ours(put)
    same = plan.Compare(source=plan.Source.LITERAL, version=put)
    assert isinstance(world.store.apply(ref, same, Sealed(CANARY)), plan.Done)
    assert isinstance(world.store.apply(ref, same, OLD), plan.Conflict)
    assert world.shot(NAME).value == CANARY


def test_comparing_with_an_older_version_moves_nothing(world: worlds.World) -> None:
    """A person was faster than the comparison: theirs stays the current one."""
    ref = running.prepare(world, "live")
    put = world.person_puts(NAME, CANARY)
    before = world.shot(NAME)
    old = plan.Compare(source=plan.Source.LITERAL, version=FIRST)
    assert isinstance(world.store.apply(ref, old, OLD), plan.Done)
    assert isinstance(world.store.apply(ref, old, NEW), plan.Conflict)
    assert world.shot(NAME) == before
    assert before.version == put


def test_the_version_before_is_told(world: worlds.World) -> None:
    """None at first; then whichever was current before, whoever put what came after."""
    ref = running.prepare(world, "live without a value")
    assert world.shot(NAME).previous is None
    first = plan.SetMetadata(source=plan.Source.LITERAL, version=FIRST)
    world.store.apply(ref, first, OLD)
    assert (world.shot(NAME).version, world.shot(NAME).previous) == (FIRST, None)
    running.agrees(world, ref)
    world.store.apply(ref, plan.SetMetadata(description="new"))
    assert world.shot(NAME).previous is None
    put = world.person_puts(NAME, CANARY)
    assert (world.shot(NAME).version, world.shot(NAME).previous) == (put, FIRST)
    running.agrees(world, ref)
    world.person_puts(NAME, "again")
    assert world.shot(NAME).previous == put
    running.agrees(world, ref)


def test_a_version_is_not_moved_away_under_a_person(world: worlds.World) -> None:
    """They were faster than the move: theirs stays current, and ours the one before."""
    ref = running.prepare(world, "live", written=True)
    put = world.person_puts(NAME, CANARY)
    before = world.shot(NAME)
    move = plan.MoveStage(current=NEXT, to=FIRST)
    assert isinstance(world.store.apply(ref, move), plan.Conflict)
    assert world.shot(NAME) == before
    assert (before.version, before.previous, before.value) == (put, NEXT, CANARY)


def test_a_persons_version_is_given_back(world: worlds.World) -> None:
    """What was current before our write is current again, and ours is what was before it."""
    ref = running.prepare(world, "live")
    put = world.person_puts(NAME, CANARY)
    write = plan.SetMetadata(source=plan.Source.LITERAL, version=NEXT)
    world.store.apply(ref, write, NEW)
    written = world.shot(NAME)
    done = world.store.apply(ref, plan.MoveStage(current=NEXT, to=put))
    assert isinstance(done, plan.Done)
    assert done.version is None, "no version was made"
    shot = world.shot(NAME)
    assert (shot.version, shot.previous, shot.value) == (put, NEXT, CANARY)
    assert shot.versions == written.versions == 3
    running.agrees(world, ref)


def test_a_move_there_and_back_changes_nothing(world: worlds.World) -> None:
    ref = running.prepare(world, "live", written=True)
    before = world.shot(NAME)
    for current, to in ((NEXT, FIRST), (FIRST, NEXT)):
        move = plan.MoveStage(current=current, to=to)
        assert isinstance(world.store.apply(ref, move), plan.Done)
    assert world.shot(NAME) == before


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("-", id="one character"),
        pytest.param(' "\\{}\u2028é🔑\n\t', id="text that JSON escapes"),
        pytest.param("\0", id="a zero character"),
        pytest.param(b"-", id="one byte"),
        pytest.param(bytes(range(256)), id="every byte"),
        pytest.param("é" * 32_768, id="the limit in bytes, as text"),
        pytest.param(b"\xff" * 65_536, id="the limit in bytes, as binary"),
    ],
)
def test_values_are_kept_as_they_are(world: worlds.World, value: str | bytes) -> None:
    made = world.store.apply(facts.Ref(NAME), table.creation(), Sealed(value))
    assert isinstance(made, plan.Done)
    assert world.shot(NAME).value == value
    ref = facts.Ref(NAME, made.id)
    compare = plan.Compare(source=plan.Source.LITERAL, version=FIRST)
    assert isinstance(world.store.apply(ref, compare, Sealed(value)), plan.Done)
    written = world.store.apply(
        facts.Ref(NAME, made.id), plan.SetMetadata(source=plan.Source.LITERAL, version=NEXT), NEW
    )
    assert isinstance(written, plan.Done)
    assert world.shot(NAME).value == NEW.reveal()


def test_capabilities_are_kept_to_their_limits(world: worlds.World) -> None:
    """What they allow, the store takes."""
    can = world.store.capabilities
    name = (string.ascii_letters + string.digits + "/_+=.@!-").ljust(can.name_length, "x")
    tags = {f"{n}".rjust(can.tag_key_length, "k"): "v" * can.tag_value_length
            for n in range(can.tags)}  # fmt: skip
    create = plan.Create(
        description="d" * can.description_length, kms_key_id=None, tags=plan.frozen(tags),
        version=FIRST, source=plan.Source.LITERAL,
    )  # fmt: skip
    value = Sealed("v" * can.value_bytes)
    assert isinstance(world.store.apply(facts.Ref(name), create, value), plan.Done)
    shot = world.shot(name)
    assert (shot.description, shot.tags) == (create.description, tags)
    assert (len(shot.value or ""), shot.key) == (can.value_bytes, None)


def test_no_outcome_shows_a_value(world: worlds.World) -> None:
    """Neither what is answered, nor what is observed, nor the store itself."""
    shown: list[object] = [world.store, world.store.capabilities]
    values = [table.creation(), table.creation(version=NEXT),
              plan.Compare(source=plan.Source.LITERAL, version=FIRST),
              plan.SetMetadata(source=plan.Source.LITERAL, version=FIRST)]  # fmt: skip
    ref = facts.Ref(NAME)
    for value in (CANARY, CANARY + "-other"):
        for action in values:
            shown += [action, world.store.apply(ref, action, Sealed(value))]
            seen = world.store.observe(facts.Ref(NAME))
            assert isinstance(seen, facts.Present)
            ref = facts.Ref(NAME, seen.secret.id)
            shown.append(seen)
    assert any(isinstance(each, plan.Conflict) for each in shown)
    assert CANARY not in repr(shown)
    assert str(world.shot(NAME).value).startswith(CANARY)
