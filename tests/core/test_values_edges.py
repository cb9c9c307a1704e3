"""Values at the edges: who put one, labels of a secret brought to what is declared, spent ids."""

from __future__ import annotations

import dataclasses

import pytest

from core import cases
from core.test_values_page import NO_VERSION, declared, memory
from recoverable_secrets.core import facts, ownership, plan, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec

TEXT, GENERATED = declared("text"), declared("generated")
PUT: dict[str, tuple[str | None, str | None, Spec, str, bool]] = {
    "a person put another one": (cases.FIRST, cases.FOREIGN, TEXT, "keep", True),
    "a person put one where there was none": (None, cases.FOREIGN, TEXT, "keep", True),
    "and what is declared is read": (
        cases.FIRST, cases.FOREIGN, declared("referenced"), "keep", True),
    "and it does not stay": (cases.FIRST, cases.FOREIGN, TEXT, "overwrite", False),
    "a generated one is as good as another": (
        cases.FIRST, cases.FOREIGN, GENERATED, "keep", False),
    "nothing is declared": (cases.FIRST, cases.FOREIGN, Spec(), "keep", False),
    "it was there at the last look": (cases.FOREIGN, cases.FOREIGN, TEXT, "keep", False),
    "it is ours": (cases.FOREIGN, cases.FIRST, TEXT, "keep", False),
    "there is none any more": (cases.FOREIGN, None, TEXT, "keep", False),
    "there never was one": (None, None, TEXT, "keep", False),
}  # fmt: skip


@pytest.mark.parametrize(("before", "now", "spec", "drift", "put"), PUT.values(), ids=PUT)
def test_whether_others_have_put_a_value_in_place_of_the_declared_one(
    before: str | None, now: str | None, spec: Spec, drift: str, *, put: bool
) -> None:
    policy = cases.policy(on_value_drift=drift)
    assert values.put_by_others(before, now, spec, policy) is put


EXACT: dict[str, tuple[list[str] | None, tuple[tuple[str, str, str | None], ...]]] = {
    "nothing is declared of labels: they stay": (None, ()),
    "these are all that there should be": (
        ["green"], (("green", cases.OLDER, cases.FIRST), ("red", cases.OLDER, None))),
    "there should be none": (
        [], (("green", cases.OLDER, None), ("red", cases.OLDER, None))),
}  # fmt: skip


@pytest.mark.parametrize(("stages", "moves"), EXACT.values(), ids=EXACT)
def test_a_secret_of_ours_without_memory_has_the_declared_labels_and_that_of_its_rotation(
    stages: list[str] | None, moves: tuple[tuple[str, str, str | None], ...]
) -> None:
    labels = {"green": cases.OLDER, "red": cases.OLDER, "AWSPENDING": cases.OLDER}
    seen = cases.present(cases.secret(version=cases.FIRST, labels=labels), policed=True)
    wanted = cases.kept(cases.spec(version_stages=stages))
    found = values.labels(seen, wanted, exact=True)
    assert list(found) == [
        plan.MoveStage(current=at, to=to, stage=label) for label, at, to in moves
    ]
    decision = decide(seen, wanted, cases.policy(), cases.AWS)
    assert isinstance(decision, plan.Plan)
    assert len([step for step in decision.actions if isinstance(step, plan.MoveStage)]) == len(
        moves
    )


REPLACEMENTS: dict[str, str] = {
    "write-only": "recoverable-secrets-e8187f7d3ebdf72d0e51ffc58bcae00f",
    "referenced": "recoverable-secrets-4477b6c683cea541ff4fa1c8ff11e07f",
    "generated": "recoverable-secrets-e695da0cb62f3c72b29ba2ca7ca19c32",
}


@pytest.mark.parametrize(("kind", "version"), REPLACEMENTS.items())
def test_the_id_of_a_replacement_is_the_same_from_release_to_release(
    kind: str, version: str
) -> None:
    """An operation that another release repeats, or takes back, has to know its version again."""
    before = memory(declared(kind), **NO_VERSION)
    assert values.replacements(cases.ID, before, declared(kind, "new", 2))[0] == version


def test_without_a_trigger_before_the_id_is_the_same_from_release_to_release_too() -> None:
    before = memory(TEXT, **NO_VERSION)
    ids = values.replacements(cases.ID, before, declared("write-only", "new", 2))
    assert ids[0] == "recoverable-secrets-5ce31ca179026a186c371a9896a38298"


def test_the_ids_of_replacements_follow_the_remembered_version_one_by_one() -> None:
    ids = values.replacements(cases.ID, memory(GENERATED), declared("generated", "new", 2))
    following = [cases.FIRST]
    for _ in ids:
        following.append(ownership.next_version_id(cases.ID, following[-1]))
    assert (list(ids), len(ids)) == (following[1:], 8)


def test_each_spent_id_is_followed_by_the_next_and_the_last_by_the_first() -> None:
    spec = declared("write-only", "new", 2)
    before = memory(declared("write-only"))
    ids = values.replacements(cases.ID, before, spec)
    wanted = cases.kept(spec, memory=before)
    seen = cases.present(cases.secret(version=cases.FIRST))
    following = [
        values.next_version(dataclasses.replace(seen, spent=spent), wanted) for spent in ids
    ]
    assert following == [*ids[1:], ids[0]]


def generated(trigger: str | None = None, length: int = 8) -> Spec:
    return cases.spec(
        generate_secret_string=Generate(password_length=length), regenerate_when=trigger
    )


SAYS: dict[str, tuple[facts.Memory | None, Spec, bool]] = {
    "by other parameters": (memory(generated()), generated(length=9), True),
    "by other parameters, and another one is asked for": (
        memory(generated()), generated("2", 9), False),
    "by the same parameters": (memory(generated()), generated(), False),
    "no value is remembered": (
        memory(generated(), live_version=None), generated(length=9), False),
    "nothing is remembered": (None, generated(), False),
    "it is not generated any more": (memory(generated()), cases.spec(cases.VALUE), False),
}  # fmt: skip


@pytest.mark.parametrize(("before", "spec", "said"), SAYS.values(), ids=SAYS)
def test_memory_alone_tells_that_a_generated_value_stays_though_declared_otherwise(
    before: facts.Memory | None, spec: Spec, *, said: bool
) -> None:
    assert values.kept_generated(None, cases.kept(spec, memory=before)) is said


LIVE: dict[str, tuple[facts.Present, bool]] = {
    "one is there": (cases.present(cases.secret(version=cases.FIRST)), True),
    "none is there": (cases.present(cases.secret(version=None)), False),
    "this operation wrote it": (
        cases.present(cases.secret(version=cases.FIRST), holds=cases.FIRST), False),
    "this operation wrote it, and the answer was lost": (
        cases.present(cases.secret(version=cases.FIRST), spent=cases.FIRST), False),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "said"), LIVE.values(), ids=LIVE)
def test_of_a_live_secret_the_same_is_told_of_a_value_that_was_there_before(
    seen: facts.Present, *, said: bool
) -> None:
    asked = cases.kept(generated("2", 9), memory=memory(generated()))
    stays = cases.kept(generated(length=9), memory=memory(generated()))
    assert values.kept_generated(seen, stays) is said
    assert not values.kept_generated(seen, asked), "another one is asked for"


FOREIGN_KEPT: dict[str, tuple[str | None, Spec, facts.Memory | None, bool]] = {
    "a person's": (cases.FOREIGN, TEXT, memory(TEXT), True),
    "ours": (cases.OLDER, TEXT, memory(TEXT), False),
    "there is none": (None, TEXT, memory(TEXT), False),
    "nothing is declared": (cases.FOREIGN, Spec(), memory(Spec()), False),
    "one is generated where there is none": (cases.FOREIGN, GENERATED, memory(GENERATED), False),
    "another one is declared now": (cases.FOREIGN, declared("text", "new"), memory(TEXT), False),
}


@pytest.mark.parametrize(
    ("version", "spec", "before", "kept"), FOREIGN_KEPT.values(), ids=FOREIGN_KEPT
)
def test_whether_the_value_of_someone_else_stays_in_place_of_the_declared_one(
    version: str | None, spec: Spec, before: facts.Memory | None, *, kept: bool
) -> None:
    wanted = cases.kept(spec, memory=before)
    seen = cases.present(cases.secret(version=version))
    assert values.kept_foreign(seen, wanted, cases.policy()) is kept
    known = dataclasses.replace(seen, holds=version)
    assert not values.kept_foreign(known, wanted, cases.policy()), "that is the declared one"


PROVED: dict[str, tuple[facts.Memory, Spec, bool]] = {
    "nothing is declared": (memory(TEXT), Spec(), True),
    "the same text": (memory(TEXT), TEXT, True),
    "another text": (memory(TEXT), declared("text", "new"), False),
    "generated, and there": (memory(GENERATED), GENERATED, True),
    "generated where none was declared, and one is there": (memory(Spec()), GENERATED, True),
    "generated, and declared otherwise before": (memory(TEXT), GENERATED, False),
    "generated, and none is known to be there": (
        memory(GENERATED, live_version=None), GENERATED, False),
    "generated, and another one is asked for": (
        memory(GENERATED), declared("generated", "old", 2), False),
    "referenced, and there": (memory(declared("referenced")), declared("referenced"), True),
    "referenced, and none is known to be there": (
        memory(declared("referenced"), live_version=None), declared("referenced"), False),
}  # fmt: skip


@pytest.mark.parametrize(("before", "spec", "proved"), PROVED.values(), ids=PROVED)
def test_whether_memory_proves_that_nothing_is_to_be_done_about_a_value(
    before: facts.Memory, spec: Spec, *, proved: bool
) -> None:
    assert values.unchanged(before, spec, cases.policy()) is proved
