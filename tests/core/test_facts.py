"""Which secret an operation is about, before anything of it was seen."""

from __future__ import annotations

import pytest

from core import cases
from recoverable_secrets.core import facts
from recoverable_secrets.core.facts import Memory, Ref
from recoverable_secrets.core.model import Spec

REMEMBERED = Memory(id=cases.ID, owner=cases.OURS)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(facts.Gone(name="a", owner="o"), Ref("a"), id="known by its name alone"),
        pytest.param(
            facts.Gone(name="a", owner="o", memory=REMEMBERED), Ref("a", cases.ID), id="to go"
        ),
        pytest.param(
            facts.Kept(
                name="a", spec=Spec(), owner="o", instance="i", version="v", memory=REMEMBERED
            ),
            Ref("a", cases.ID),
            id="to stay",
        ),
        pytest.param(
            facts.Kept(name="a", spec=Spec(), owner="o", instance="i", version="v"),
            Ref("a"),
            id="to be made",
        ),
        pytest.param(
            facts.Back(name="a", memory=REMEMBERED), Ref("a", cases.ID), id="asked for by hand"
        ),
    ],
)
def test_a_secret_is_meant_by_its_name_and_by_its_id_once_that_is_known(
    wanted: facts.Wanted, found: Ref
) -> None:
    assert facts.ref(wanted) == found
