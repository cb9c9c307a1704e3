"""Several threads in one provider process: one store, many operations, no value astray.

A value travels beside the call, in a context variable, until the request is signed. Here all
threads stand between the two at the same time, at every call that carries a value.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from contract import worlds
from engine.scene import Scene, gone, kept, make_scene, memory_of, spec
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine
from recoverable_secrets.stores import aws

THREADS = 8
PATIENCE = 60
"""Seconds after which threads that do not meet are a failure, and not a hanging test."""


@pytest.fixture(autouse=True)
def _switching() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def _named(wanted: Any, number: int) -> Any:
    return dataclasses.replace(wanted, name=f"team/{number}", owner=f"owner {number}")


def _life(store: aws.AwsStore, number: int) -> None:
    """Create, change, tear down and restore one secret, as a provider's threads would."""
    engine = Engine(store)
    first, second = spec(f"first of {number}"), spec(f"second of {number}")
    created = _named(kept(first), number)
    memory = memory_of(engine.run(created, Policy()), created)
    updated = _named(kept(second, memory), number)
    memory = memory_of(engine.run(updated, Policy()), updated)
    engine.run(_named(gone(memory), number), Policy())
    restored = engine.run(_named(kept(second), number), Policy())
    assert restored.restored
    assert isinstance(restored.known, facts.Present)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """An empty double and the store that all threads share."""
    session = boto3.Session(aws_access_key_id="AKIANOBODY", aws_secret_access_key="none")
    made = make_scene(session)
    with made.aws.in_process():
        yield made


def _all_at_once(scene: Scene, act: Callable[[aws.AwsStore, int], None]) -> int:
    """Let all threads act; return how many calls had a value in hand when all of them had."""
    store = scene.store
    assert isinstance(store, aws.AwsStore)
    meeting = threading.Barrier(THREADS, timeout=PATIENCE)
    met: list[str] = []

    def meet(model: Any, **_: object) -> None:
        """Wait until every thread has its value in hand and none has been signed."""
        if aws._VALUE.get() is not None:
            meeting.wait()
            met.append(model.name)

    def acting(number: int) -> None:
        try:
            act(store, number)
        except BaseException:
            meeting.abort()  # The others need not wait for this one.
            raise

    client = store.client("secretsmanager", worlds.REGION)
    client.meta.events.register("before-call.secrets-manager", meet)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(acting, range(THREADS)))
    return len(met)


def test_no_value_goes_astray(scene: Scene) -> None:
    # Create, update; a create that is refused, then a comparison.
    assert _all_at_once(scene, _life) == 4 * THREADS
    for number in range(THREADS):
        secret = scene.aws.secret(f"team/{number}")
        assert (secret.state, secret.value) == ("live", f"second of {number}")
        values = sorted(str(version.value) for version in secret.versions.values())
        assert values == [f"first of {number}", f"second of {number}"]
        assert secret.tags[ownership.OWNER] == f"owner {number}"


def _create(store: aws.AwsStore, number: int) -> None:
    Engine(store).run(_named(kept(spec(f"first of {number}")), number), Policy())


class OneForAll:
    """A variable as it must not be: the same for all threads."""

    value: Sealed | None = None

    def get(self) -> Sealed | None:
        return self.value

    def set(self, value: Sealed | None) -> None:
        self.value = value

    def reset(self, _: object) -> None:
        pass


@pytest.mark.parametrize(("variable", "astray"), [(None, 0), (OneForAll(), THREADS - 1)])
def test_what_keeps_them_apart(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, variable: OneForAll | None, astray: int
) -> None:
    """That all threads meet is what finds it: all but one secret would get another's value."""
    if variable:
        monkeypatch.setattr(aws, "_VALUE", variable)
    assert _all_at_once(scene, _create) == THREADS
    held = [scene.aws.secret(f"team/{number}").value for number in range(THREADS)]
    assert sum(value != f"first of {n}" for n, value in enumerate(held)) == astray
