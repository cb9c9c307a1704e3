"""Generated values: made once, for a secret that has none; what is there always stays."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from core import cases
from emulation import faults
from engine.scene import (
    CREATE,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    STRANGER,
    TAG,
    UPDATE,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from engine.watched import Clock, Watched
from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine
from recoverable_secrets.stores.memory import MemoryStore

IN_JSON = Generate(
    secret_string_template='{"username": "app"}', generate_string_key="password", password_length=8
)
NOTE = f"{NAME} keeps its value: one is generated only where there is none"


def generated(how: Generate | None = None, **fields: Any) -> Spec:
    return spec(None, generate_secret_string=how or Generate(), **fields)


def test_a_creation_sends_a_new_value(scene: Scene) -> None:
    result = scene.run(kept(generated()))
    assert scene.calls == [CREATE]
    assert [action.source for action in result.actions if isinstance(action, plan.Create)] == [
        plan.Source.GENERATED
    ]
    value = scene.secret.value
    assert isinstance(value, str)
    assert len(value) == 32
    assert isinstance(result.known, facts.Present)
    assert result.known.holds == scene.secret.version_id


def test_a_creation_with_a_template_sends_json(scene: Scene) -> None:
    scene.run(kept(generated(IN_JSON)))
    told = json.loads(str(scene.secret.value))
    assert told == {"username": "app", "password": told["password"]}
    assert len(told["password"]) == 8


def test_no_two_secrets_get_the_same_value() -> None:
    """Not from one engine in one process, and whatever their names and marks."""
    store = MemoryStore()
    engine = Engine(store)
    for number in range(20):
        wanted = kept(generated())
        engine.run(facts.Kept(**{**_parts(wanted), "name": f"secret-{number}"}), Policy())
    values = [content for entry in store.entries.values() for content in entry.values.values()]
    assert len({content.reveal() for content in values}) == 20


def _parts(wanted: facts.Kept) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("spec", "owner", "instance", "version")}


def _unchanged(_: Scene, memory: Memory) -> facts.Kept:
    return kept(generated(), memory)


def _otherwise(_: Scene, memory: Memory) -> facts.Kept:
    return kept(generated(IN_JSON), memory)


def _otherwise_and_more(_: Scene, memory: Memory) -> facts.Kept:
    return kept(generated(IN_JSON, description="new"), memory)


def _forgotten(_: Scene, __: Memory) -> facts.Kept:
    return kept(generated())


def _persons(scene: Scene, memory: Memory) -> facts.Kept:
    scene.aws.put_by_hand(NAME, "by a person")
    return kept(generated(description="new"), memory)


def _pending(scene: Scene, memory: Memory) -> facts.Kept:
    scene.run(gone(memory))
    return kept(generated())


def _pending_otherwise(scene: Scene, memory: Memory) -> facts.Kept:
    scene.run(gone(memory))
    return kept(generated(IN_JSON))


def _pending_persons(scene: Scene, memory: Memory) -> facts.Kept:
    scene.aws.put_by_hand(NAME, "by a person")
    return _pending(scene, memory)


def _strangers(scene: Scene, _: Memory) -> facts.Kept:
    scene.hand_over(STRANGER)
    return kept(generated())


def _no_longer(_: Scene, memory: Memory) -> facts.Kept:
    return kept(spec(None), memory)


Turn = Callable[[Scene, Memory], facts.Kept]
BACK = [CREATE, LOOK, RESTORE, NO_POLICY]

# What happens to a secret with a generated value: the calls, and what is said of its value.
KEPT: dict[str, tuple[Turn, list[str], list[str]]] = {
    "nothing changes": (_unchanged, [], []),
    "it is declared otherwise how to generate it": (_otherwise, [], [NOTE]),
    "and something else as well": (_otherwise_and_more, [LOOK, UPDATE], [NOTE]),
    "it is no longer declared": (_no_longer, [], []),
    "nobody remembers it": (_forgotten, [CREATE, LOOK, NO_POLICY, TAG], []),
    "a person puts another": (_persons, [LOOK, UPDATE], []),
    "it is deleted and recreated": (_pending, BACK, []),
    "likewise, declared otherwise": (_pending_otherwise, BACK, []),
    "it is recreated with a person's value": (_pending_persons, BACK, []),
    "a stranger owns it, and it is adopted": (_strangers, [CREATE, LOOK, TAG], []),
}


@pytest.mark.parametrize("drift", ["keep", "overwrite"])
@pytest.mark.parametrize(("turn", "calls", "said"), KEPT.values(), ids=KEPT)
def test_a_value_that_is_there_stays(
    scene: Scene, turn: Turn, calls: list[str], said: list[str], drift: str
) -> None:
    """Also where drift is to be overwritten: a generated value is no better than another."""
    memory = scene.remember(generated())
    wanted = turn(scene, memory)
    before = scene.secret
    scene.run(wanted, adopt="any", on_value_drift=drift)
    assert scene.calls == calls
    assert [note for note in scene.said if "keeps" in note] == said
    assert (scene.secret.value, scene.secret.version_id) == (before.value, before.version_id)
    assert len(scene.secret.versions) == len(before.versions)


def test_a_literal_that_becomes_generated_stays(scene: Scene) -> None:
    """It would be lost otherwise, and with it the access that others have."""
    memory = scene.remember()
    result = scene.run(kept(generated(), memory))
    assert scene.calls == [LOOK]
    assert scene.said == [NOTE]
    assert scene.secret.value == "the value"
    after = memory_of(result, kept(generated()))
    scene.run(kept(generated(), after))
    assert (scene.calls, scene.said) == ([], []), "said once, when it changes"


def test_a_generated_value_that_becomes_a_literal_is_replaced(scene: Scene) -> None:
    memory = scene.remember(generated())
    scene.run(kept(spec(), memory))
    assert scene.calls == [LOOK, UPDATE]
    assert scene.secret.value == "the value"


def test_a_person_s_value_that_becomes_generated_stays(scene: Scene) -> None:
    """None was declared, a person put one, and no refresh has shown it yet."""
    memory = scene.remember(spec(None))
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(kept(generated(), memory))
    assert scene.calls == [LOOK]
    assert scene.said == [NOTE]
    assert scene.secret.value == "by a person"


def _declared_now(_: Scene, memory: Memory) -> facts.Kept:
    return kept(generated(), memory)


# A secret without a value, and what makes it one with a value: the calls.
FILLED: dict[str, tuple[Turn, list[str]]] = {
    "declared now": (_declared_now, [LOOK, UPDATE]),
    "recreated": (_pending, [*BACK, UPDATE]),
    "nobody remembers it": (_forgotten, [CREATE, LOOK, NO_POLICY, UPDATE, TAG]),
    "adopted": (_strangers, [CREATE, LOOK, TAG, UPDATE]),
}


@pytest.mark.parametrize(("turn", "calls"), FILLED.values(), ids=FILLED)
def test_a_secret_without_a_value_gets_one(scene: Scene, turn: Turn, calls: list[str]) -> None:
    memory = scene.remember(spec(None))
    wanted = turn(scene, memory)
    result = scene.run(wanted, adopt="any")
    assert scene.calls == calls
    assert not [note for note in scene.said if "keeps" in note]
    assert len(str(scene.secret.value)) == 32
    assert scene.secret.version_id == ownership.next_version_id(scene.secret.arn, None)
    scene.run(kept(generated(), memory_of(result, wanted)))
    assert (scene.calls, scene.said) == ([], [])


class Payloads(Watched):
    """A memory store that keeps each value that it is given."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.given: list[Sealed] = []

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        if payload:
            self.given.append(payload)
        return super().apply(ref, action, payload)


def test_one_operation_generates_one_value() -> None:
    """However often it has to call: here until a purged secret's name is free again."""
    clock = Clock()
    store = Payloads(clock)
    engine = Engine(store, clock=clock)
    force = Policy(deletion="force")
    engine.run(kept(spec()), force)
    engine.run(gone(), force)
    store.given.clear()
    engine.run(kept(generated()), force)
    assert len(store.given) > 1
    assert len({id(value) for value in store.given}) == 1


def test_an_operation_that_needs_no_value_generates_none(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that could leak is made for nothing."""
    memory = scene.pending(generated())
    monkeypatch.setattr("secrets.randbelow", lambda _: pytest.fail("a value was generated"))
    result = scene.run(kept(generated(description="new"), memory))
    assert [type(action) for action in result.actions] == [plan.Restore, plan.SetMetadata]


@pytest.mark.parametrize("fault", [faults.LostResponse, faults.ConnectionReset])
@pytest.mark.parametrize("before", ["nothing", "no value"])
def test_a_call_that_is_tried_again_sends_the_same_value(
    scene: Scene, fault: type[faults.Fault], before: str
) -> None:
    """Another value under the same version id would be refused; an update is in any case."""
    memory = scene.remember(spec(None)) if before == "no value" else None
    call = UPDATE if memory else CREATE
    scene.aws.inject(fault(call))
    result = scene.run(kept(generated(), memory))
    refused = fault is faults.LostResponse and call == UPDATE
    assert scene.calls == [*([LOOK] if memory else []), call, call, *([LOOK] if refused else [])]
    assert isinstance(result.known, facts.Present)
    assert result.known.secret.version == scene.secret.version_id
    assert len(scene.secret.versions) == 1
    assert len(str(scene.secret.value)) == 32
    assert scene.said == [], "no old value was kept"


def test_two_runs_at_once_come_to_one_value(scene: Scene) -> None:
    """The other run's value is there first: under the same version id, so it is found and kept."""
    memory = scene.remember(spec(None))
    other = Engine(scene.store, clock=scene.time)
    scene.aws.hook(
        UPDATE, "before", lambda _: other.run(kept(generated(), memory), Policy()), nth=1
    )
    result = scene.run(kept(generated(), memory))
    assert len(scene.secret.versions) == 1
    assert result.known == facts.Present(secret=scene.store.observe(facts.Ref(NAME)).secret,
                                         spent=scene.secret.version_id)  # fmt: skip


def test_a_preview_tells_where_the_value_will_come_from(scene: Scene) -> None:
    shown = scene.engine.preview(kept(generated()), Policy())
    assert "value = generated" in plan.describe(shown)
    memory = scene.remember(generated())
    told = scene.engine.preview(kept(generated(IN_JSON), memory), Policy(), look=False)
    assert plan.describe(told) == f"note: {NOTE}"


def test_the_value_is_nowhere_but_in_the_store(
    scene: Scene, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in results, plans, notes, memory or logs: ours nor the SDK's."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="recoverable_secrets")
    wanted = kept(generated(IN_JSON))
    results = [scene.run(wanted)]
    password = json.loads(str(scene.secret.value))["password"]
    memory = memory_of(results[0], wanted)
    shown = [scene.said[:], scene.engine.preview(kept(generated(), memory), Policy())]
    results += [scene.run(gone(memory)), scene.run(kept(generated(IN_JSON)))]
    everything = [*results, *shown, memory, wanted, scene.said]
    assert not [part for part in cases.parts(everything) if isinstance(part, Sealed)]
    out = "".join(capsys.readouterr())
    assert password not in f"{everything} {everything!r} {caplog.text} {out}"
    assert json.loads(str(scene.secret.value))["password"] == password, "and it is still there"
