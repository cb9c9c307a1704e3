"""What no other test noticed when tools/mutation.py changed it."""

from __future__ import annotations

from core.test_parse import problems
from recoverable_secrets.core.fields import pascal


def test_replacing_without_force_is_told_in_the_surface_s_spelling() -> None:
    (told,) = problems({"OnRecreate": "replace"}, spelling=pascal)
    assert told == (
        "OnRecreate = replace destroys the pending secret for good: it needs "
        "ForceDeleteWithoutRecovery as well, or use restore"
    )


def test_how_many_tags_fit_and_why() -> None:
    too_many = {"tags": {f"k{number}": "v" for number in range(48)}}
    told = "tags has 48 tags, but {} fit: a secret has 50, {} of them kept for ownership"
    assert problems(too_many) == (told.format(47, 3),)
    copied = {**too_many, "replicas": [{"region": "eu-west-1"}]}
    assert problems(copied) == (told.format(46, 4) + " and for what a restore brings back",)
