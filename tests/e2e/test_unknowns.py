"""What other resources will answer is not known in a preview: neither judged nor compared then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e2e.secrets_program import CREATE, LOOK, NAME, VALUE, Story, declare

if TYPE_CHECKING:
    from e2e.engine import Engine, Program
    from emulation import Aws


def chained(source: dict[str, Any] | None = None, /, **arguments: Any) -> Program:
    """A secret, and another one made of what the first answers; callables are given the first."""

    def program() -> None:
        first = declare("source", name="shop/source", **(source or {}))
        declare(
            "db",
            **{
                name: {key: told(first) for key, told in given.items()}
                if isinstance(given, dict)
                else given(first)
                for name, given in arguments.items()
            },
        )

    return program


def test_name_value_and_tag_of_another_resource(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = chained(
        name=lambda first: first.version_id,
        secret_string=lambda first: first.arn.apply(lambda arn: f"see {arn}"),
        description=lambda first: first.name,
        tags={"source": lambda first: first.arn, "team": lambda _: "shop"},
    )
    run = story.preview(program)
    assert (run.steps, story.calls) == ({"create": 3}, [])
    story.up(program)
    assert story.calls == CREATE * 2
    source, found = story.agree("source"), story.agree()
    assert (found.name, found.value) == (source.version_id, f"see {source.arn}")
    assert (found.description, found.tags["source"]) == ("shop/source", source.arn)
    assert story.preview(program).steps == {"same": 3}, "known again"


def test_a_change_of_the_source_makes_them_unknown_again(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    parts: dict[str, Any] = {
        "secret_string": lambda first: first.version_id,
        "tags": {"version": lambda first: first.version_id},
    }
    story.up(chained(**parts))
    before = story.agree()
    assert before.value == story.agree("source").version_id
    changed = chained({"secret_string": "second"}, **parts)
    run = story.preview(changed)
    assert (run.steps, story.calls) == ({"same": 1, "update": 2}, [])
    story.up(changed)
    assert story.calls == [*LOOK, "UpdateSecret", *LOOK, "UpdateSecret", "TagResource"]
    after, source = story.agree(), story.agree("source")
    assert (after.value, after.tags["version"]) == (source.version_id, source.version_id)
    assert source.version_id != before.value
    calm = chained({"secret_string": "second", "description": "new"}, **parts)
    story.preview(calm)
    story.up(calm)
    assert story.calls == [*LOOK, "UpdateSecret"], "unknown in the preview, and then the same"
    assert story.agree() == after


def test_a_name_unknown_in_preview_replaces_only_if_it_changes(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    parts: dict[str, Any] = {"name": lambda first: first.description.apply(lambda d: f"of/{d}")}
    story.up(chained({"description": "one"}, **parts))
    before = story.agree()
    assert before.name == "of/one"
    renamed = chained({"description": "two"}, **parts)
    assert story.preview(renamed).failed is False
    assert story.calls == []
    story.up(renamed)
    after = story.agree()
    assert (after.name, after.value) == ("of/two", VALUE)
    assert story.pending("of/one").arn == before.arn


def test_what_is_known_is_still_judged(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = chained(
        name=lambda first: first.version_id,
        description=lambda _: "x" * 2049,
        recovery_window_in_days=lambda _: 0,
    )
    run = story.preview(program, expect_failure=True)
    assert "description must have at most 2048 characters" in run.output
    assert "recovery_window_in_days is 0, which elsewhere means" in run.output
    assert (story.calls, aws.secret(NAME).state) == ([], "absent")
    program = chained(name=lambda first: first.arn.apply(lambda _: "not a name?"))
    assert story.preview(program).steps == {"create": 3}
    run = story.up(program, expect_failure=True)
    assert "name may contain letters, digits and /_+=.@-! only" in run.output
    assert (story.calls, story.names()) == (CREATE, ["source"]), "known at last, and refused"
