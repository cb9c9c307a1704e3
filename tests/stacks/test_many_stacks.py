"""One function serves many stacks: at once, one after the other, and while it is upgraded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from stacks import stories
from stacks.bundle import bundle_for_this_python
from stacks.cloud import Cloud, Functions

THREE = ("blue", "green", "red")


def test_three_stacks_at_once(cloud: Cloud) -> None:
    def life(stack: str) -> list[str]:
        declared = cloud.template(SecretString=f"of {stack}")
        first = cloud.create(stack, declared)
        cloud.delete(stack)
        second = cloud.create(stack, declared)
        cloud.update(stack, cloud.template(SecretString=f"of {stack}", Description="new"))
        return [first.outputs["Ref"], second.outputs["Ref"], second.outputs["Restored"]]

    cloud.functions.token({})
    with ThreadPoolExecutor(len(THREE)) as pool:
        lives = dict(zip(THREE, pool.map(life, THREE), strict=True))
    for stack in THREE:
        secret = cloud.secret(f"{stack}/Secret")
        assert lives[stack] == [secret.arn, secret.arn, "true"]
        assert (secret.value, secret.description) == (f"of {stack}", "new")
        assert stories.owner(secret) == f"cloudformation/{stack}/Secret"


def test_many_stacks_share_one_function(cloud: Cloud) -> None:
    """What is said to it of one never shows in another."""
    names = [f"stack-{number}" for number in range(8)]
    for name in names:
        declared = cloud.template(SecretString=f"of {name}", Description=f"the one of {name}")
        cloud.create(name, declared, tags={"stack": name})
    for name in names[::2]:
        cloud.delete(name)
    for name in names:
        secret = cloud.secret(f"{name}/Secret")
        assert secret.state == ("pending" if name in names[::2] else "live")
        assert (secret.value, secret.description) == (f"of {name}", f"the one of {name}")
        assert secret.tags["stack"] == name
        assert stories.owner(secret) == f"cloudformation/{name}/Secret"
    assert len({cloud.secret(f"{name}/Secret").tags[stories.OWNER] for name in names}) == len(names)


def test_two_secrets_of_one_stack(cloud: Cloud) -> None:
    declared = cloud.template({"Other": cloud.declare(SecretString="b")}, SecretString="a")
    cloud.create("shop", declared)
    assert (cloud.secret("shop/Secret").value, cloud.secret("shop/Other").value) == ("a", "b")
    cloud.delete("shop")
    assert cloud.secret("shop/Secret").state == cloud.secret("shop/Other").state == "pending"


def test_two_secrets_of_one_stack_want_one_name(cloud: Cloud) -> None:
    """The first one has it, as between stacks; and is scheduled when the stack rolls back."""
    more = {"Other": cloud.declare(Name="db", SecretString="b") | {"DependsOn": "Secret"}}
    declared = cloud.template(more, Name="db", SecretString="a")
    outcome = cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    assert "cloudformation/shop/Secret" in outcome.reason("Other")
    assert (cloud.secret("db").state, cloud.secret("db").value) == ("pending", "a")


def test_two_stacks_want_one_name(cloud: Cloud) -> None:
    """The first one has it; whatever becomes of the second does not touch it."""
    cloud.create("first", cloud.template(Name="db", SecretString="of the first"))
    before = cloud.secret("db")
    declared = cloud.template(Name="db", SecretString="of the second")
    outcome = cloud.create("second", declared, ends="ROLLBACK_COMPLETE")
    assert "cloudformation/first/Secret" in outcome.reason()
    cloud.delete("second")
    assert cloud.secret("db") == before
    cloud.delete("first")
    pending = cloud.secret("db")
    cloud.create("second", declared, ends="ROLLBACK_COMPLETE")
    assert cloud.secret("db") == pending, "its name is the first one's until the window ends"


def test_the_function_is_upgraded_under_live_stacks(cloud: Cloud, functions: Functions) -> None:
    token = functions.install("upgraded", {})
    cloud.create("shop", cloud.template(token=token, SecretString="x"))
    before = cloud.secret()
    mark = "print('the code of tomorrow', flush=True)\n"
    functions.upgrade(token, bundle_for_this_python({"lambda_handler/handler.py": mark}))
    cloud.update("shop", cloud.template(token=token, SecretString="x", Description="new"))
    after = cloud.secret()
    assert "the code of tomorrow" in cloud.logs()
    assert stories.same(after, before)
    assert (after.description, after.tags) == ("new", before.tags)
    cloud.delete("shop")
    assert cloud.secret().state == "pending"
