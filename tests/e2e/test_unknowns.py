"""What other resources will answer is not known in a preview: neither judged nor compared then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e2e.secrets_program import CREATE, DELETE, LOOK, VALUE, Story, declare

if TYPE_CHECKING:
    from e2e.engine import Engine, Program
    from emulation import Aws


def chained(**source: Any) -> Program:
    """A secret, and others that take name, value, text and tag from what the first answers."""

    def program() -> None:
        first = declare("source", name="shop/source", **source)
        declare("named", name=first.version_id)
        declare("valued", secret_string=first.arn.apply(lambda arn: f"see {arn}"))
        declare("tagged", description=first.version_id, tags={"v": first.version_id, "team": "x"})

    return program


def test_name_value_and_tag_of_another_resource(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    run = story.preview(chained(description="one"))
    assert (run.steps, story.calls) == ({"create": 5}, [])
    story.up(chained(description="one"))
    assert story.calls == CREATE * 4
    source, named = story.agree("source"), story.agree("named")
    valued, tagged = story.agree("valued"), story.agree("tagged")
    assert (named.name, named.value) == (source.version_id, VALUE)
    assert valued.value == f"see {source.arn}"
    assert tagged.description == tagged.tags["v"] == source.version_id

    run = story.preview(chained(description="two"))
    assert (run.failed, story.calls) == (False, []), "all that hangs on it is unknown once more"
    run = story.up(chained(description="two"))
    assert story.calls == [*LOOK, "UpdateSecret"], "only the source, and the rest is as it was"
    assert {run.operations[each][-1] for each in ("named", "valued", "tagged")} == {"same"}

    changed = chained(description="two", secret_string="second")
    assert story.preview(changed).failed is False
    assert story.calls == []
    story.up(changed)
    version = str(story.agree("source").version_id)
    assert version != source.version_id
    assert (story.about(version), story.about(named.name)) == (CREATE, DELETE)
    assert (story.agree("named").name, story.pending(named.name).arn) == (version, named.arn)
    assert story.about("demo/dev/tagged") == [*LOOK, "UpdateSecret", "TagResource"]
    tagged = story.agree("tagged")
    assert tagged.description == tagged.tags["v"] == version
    assert (story.about("demo/dev/valued"), story.agree("valued")) == ([], valued)


def test_what_is_known_is_judged_and_the_rest_later(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)

    def program(**arguments: Any) -> Program:
        def declared() -> None:
            first = declare("source", name="shop/source")
            declare("db", name=first.arn.apply(lambda _: "not a name?"), **arguments)

        return declared

    wrong = program(description="x" * 2049, recovery_window_in_days=0)
    run = story.preview(wrong, expect_failure=True)
    assert "description must have at most 2048 characters" in run.output
    assert "recovery_window_in_days is 0, which elsewhere means" in run.output
    assert (story.calls, aws.secrets()) == ([], [])
    run = story.up(program(), expect_failure=True)
    assert "name may contain letters, digits and /_+=.@-! only" in run.output
    assert (story.calls, story.names()) == (CREATE, ["source"]), "known at last, and refused"
