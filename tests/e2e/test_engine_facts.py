"""What the provider relies on of Pulumi, each fact against the real engine and a toy provider.

A newer Pulumi that behaves otherwise fails here first, and by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from e2e import toy
from e2e.toys import SECRET, declare, secret

if TYPE_CHECKING:
    from e2e.engine import Program
    from e2e.toys import Toys

UNKNOWN = "<Unknown>"


def test_values_arrive_as_the_provider_expects_them(toys: Toys) -> None:
    nested = {"k": 2, "none": None}
    toys.up(declare(n=3, none=None, l=[1, None, nested], s=secret, d={"in": secret}))
    check, create = toys.calls()
    seen = {
        "n": "float:3.0",
        "l": ["float:1.0", "NoneType:None", {"k": "float:2.0"}],
        "s": f"str:{SECRET}",
        "d": {"in": f"str:{SECRET}"},
    }
    assert (check["olds"], check["news"], create["props"]) == ({}, seen, seen)
    entry = toys.engine.resource("r")
    assert entry["type"] == "pulumi-python:dynamic/toys:Toy"
    assert isinstance(entry["inputs"]["__provider"], str), "not to be encrypted: nothing captured"
    for kind in ("inputs", "outputs"):
        bag = toys.bag(kind)
        assert (bag["n"], bag["s"], bag["d"]) == (3, "<encrypted>", {"in": "<encrypted>"})
    assert SECRET not in toys.engine.text()
    run = toys.up(declare(n=3, none=None, l=[1, None, nested], s=secret, d={"in": secret}))
    assert (run.steps, toys.verbs()) == ({"same": 2}, ["check", "diff"])


def test_secretness_goes_by_key(toys: Toys) -> None:
    toys.script(check={"copy": {"s": "copy"}}, create={"outs": {"made": SECRET}})
    listed = pulumi.ResourceOptions(additional_secret_outputs=["made", "plain"])
    toys.up(declare(listed, s=secret, plain="p", made=None))
    inputs, outputs = toys.bag("inputs"), toys.bag("outputs")
    assert inputs == {"s": "<encrypted>", "plain": "p", "copy": SECRET}, "copy leaks; plain stays"
    assert outputs == {
        "s": "<encrypted>",
        "plain": "<encrypted>",
        "made": "<encrypted>",
        "copy": SECRET,
    }
    toys.script(read={"outs": {"s": "rotated-value"}, "inputs": {"s": "rotated-value"}})
    toys.engine.refresh()
    assert toys.bag("inputs")["s"] == toys.bag("outputs")["s"] == "<encrypted>"
    assert "rotated-value" not in toys.engine.text()


def test_printed_lines_reach_the_user_without_flush(toys: Toys) -> None:
    toys.script(create={"stdout": "one\ntwo", "stderr": "three\nfour"}, check={"stdout": "c\n"})
    run = toys.up(declare(a="1"))
    texts = {(severity, text.strip()) for severity, text in run.messages}
    assert texts == {("info", line) for line in ("c", "one", "two")} | {
        ("info#err", line) for line in ("three", "four")
    }
    shown = run.stdout.split("Diagnostics:")[1]
    assert "pulumi:pulumi:Stack (demo-dev):" in shown, "of the stack, not of the resource"
    toys.script(diff={"stdout": "from diff"})
    assert "from diff" in toys.engine.preview(declare(a="1")).stdout
    toys.script(delete={"stdout": "from delete"})
    assert "from delete" in toys.engine.destroy().stdout


def test_a_check_failure_prints_the_value_of_its_property(toys: Toys) -> None:
    toys.script(check={"failures": [["", "first reason"], ["", "second reason"]]})
    run = toys.up(declare(s=secret), expect_failure=True)
    assert "resource 'r' has a problem: first reason" in run.stdout
    assert "resource 'r' has a problem: second reason" in run.stdout
    assert SECRET not in run.output + toys.engine.text()
    toys.script(check={"failures": [["s", "reason"]]})
    run = toys.engine.preview(declare(s=secret), expect_failure=True)
    assert f"property s value {{&{{{{{SECRET}}}}}}} has a problem: reason" in run.stdout


CASES: list[tuple[dict[str, Any], bool, list[str], list[str], str]] = [
    # what diff answers, whether an input changed, operations, verbs after check and diff, why
    ({"changes": None}, False, ["same"], [], "the engine compares the inputs"),
    ({"changes": None}, True, ["update"], ["update"], "as above"),
    ({"changes": None, "replaces": ["a"]}, False, ["same"], [], "replaces alone is nothing"),
    ({"changes": False, "replaces": ["a"]}, True, ["same"], [], "False overrules replaces"),
    ({"changes": True}, False, ["update"], ["update"], "inputs do not matter"),
    (
        {"changes": None, "replaces": ["a"]},
        True,
        ["create-replacement", "replace", "delete-replaced"],
        ["check", "create", "delete"],
        "creating first",
    ),
    (
        {"changes": True, "replaces": ["a"], "delete_before_replace": True},
        True,
        ["delete-replaced", "replace", "create-replacement"],
        ["check", "delete", "create"],
        "deleting first",
    ),
]


def test_what_diff_answers_decides_the_step(toys: Toys) -> None:
    def program(changed: str) -> Program:
        def declared() -> None:
            for number, case in enumerate(CASES):
                toy.Toy(f"r{number}", {"case": f"c{number}", "a": changed if case[1] else "old"})

        return declared

    toys.up(program("old"))
    toys.script(**{f"diff:c{number}": case[0] for number, case in enumerate(CASES)})
    run = toys.up(program("new"))
    calls = toys.calls()
    for number, (_, _, operations, verbs, why) in enumerate(CASES):
        mine = [c["verb"] for c in calls if f"'str:c{number}'" in str(c)]
        assert (run.operations[f"r{number}"], mine) == (operations, ["check", "diff", *verbs]), why


def test_diff_false_keeps_the_outputs_but_not_the_inputs(toys: Toys) -> None:
    toys.up(declare(a="1"))
    toys.script(diff={"changes": False})
    toys.up(declare(a="2"))
    assert (toys.bag("inputs"), toys.bag("outputs")) == ({"a": "2"}, {"a": "1"})
    toys.calls()
    toys.engine.preview(declare(a="2"))
    assert [c["olds"] for c in toys.calls()] == [{"a": "str:2"}, {"a": "str:1"}], "check, diff"


def test_replace_on_changes_is_honoured_with_none_only(toys: Toys) -> None:
    option = pulumi.ResourceOptions(replace_on_changes=["a"])
    toys.up(declare(a="1"))
    toys.script(diff={"changes": True})
    assert toys.engine.preview(declare(option, a="2")).steps == {"same": 1, "update": 1}
    toys.script(diff={"changes": None})
    assert toys.engine.preview(declare(option, a="2")).steps == {"same": 1, "replace": 1}


def test_asked_for_replacement_creates_first_and_never_diffs(toys: Toys) -> None:
    toys.up(declare(a="1"))
    toys.script(create={"id": "id-2"})
    run = toys.up(declare(a="1"), replace=[toys.engine.resource("r")["urn"]])
    calls = toys.calls()
    assert [c["verb"] for c in calls] == ["check", "create", "delete"]
    assert (calls[0]["olds"], calls[2]["id"]) == ({}, "str:id-1"), "as if there were none"
    assert run.operations["r"] == ["create-replacement", "replace", "delete-replaced"]


def test_an_update_without_outs_wipes_the_outputs(toys: Toys) -> None:
    toys.up(declare(a="1"))
    toys.script(update={"outs": "none"})
    toys.up(declare(a="2"))
    assert (toys.bag("inputs"), toys.bag("outputs")) == ({"a": "2"}, {})


def test_refresh_keeps_inputs_unless_read_returns_some(toys: Toys) -> None:
    toys.up(declare(a="1", s=secret))
    toys.calls()
    toys.script(read={"outs": {"a": "drift"}})
    run = toys.engine.refresh()
    read, diff = toys.calls()
    assert read["props"] == {"a": "str:1", "s": f"str:{SECRET}"}, "the outputs of the state"
    assert (diff["olds"]["a"], diff["news"]["a"]) == ("str:drift", "str:1"), "diff after read"
    assert run.steps == {"same": 2}, "drift in outputs alone is no change"
    assert (toys.bag("inputs")["a"], toys.bag("outputs")["a"]) == ("1", "drift")
    assert toys.engine.preview(declare(a="1", s=secret)).steps == {"same": 2}
    toys.script(read={"inputs": {"a": "drift"}})
    assert toys.engine.refresh().steps == {"same": 1, "update": 1}
    assert toys.bag("inputs") == {"a": "drift"}, "what is left out is forgotten"
    run = toys.engine.preview(declare(a="1", s=secret))
    assert "[diff: +s~a]" in run.stdout, "and would be written again"


def test_an_empty_id_on_refresh_forgets_the_resource(toys: Toys) -> None:
    toys.up(declare(a="1"))
    toys.script(read={"id": "", "only": {}})
    assert toys.engine.refresh().steps == {"same": 1, "delete": 1}
    assert [e["type"] for e in toys.engine.resources() if "Toy" in e["type"]] == []
    toys.up(declare(a="1"))
    assert toys.up(declare(a="1"), refresh=True).steps == {"same": 1, "create": 1}
    assert toys.verbs() == ["read", "check", "create"]


def test_reading_by_id(toys: Toys) -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(id="given-id")
        got = toy.Toy("r", {"live": None, "key": "k", "s": secret()}, opts)
        pulumi.export("live", got.live)  # type: ignore[attr-defined]

    toys.script(read={"outs": {"live": "yes"}})
    run = toys.engine.preview(program)
    (read,) = toys.calls()
    assert read["verb"] == "read", "not check, not diff; in previews too"
    assert (read["id"], read["props"]) == ("str:given-id", {"key": "str:k", "s": f"str:{SECRET}"})
    assert run.operations["r"] == ["read"]
    toys.up(program)
    assert toys.engine.outputs() == {"live": "yes"}
    assert toys.engine.resource("r")["external"] is True
    toys.script(read={"id": "", "only": {}})
    run = toys.up(program)
    assert not run.failed, "an empty id is no error here: read() has to raise"
    assert toys.engine.resource("r")["id"] == "given-id"
    toys.up(declare(a="1"))
    assert toys.verbs() == ["check", "create"], "what was read is not deleted when managed anew"
    toys.script()
    toys.up(program)
    assert toys.verbs() == ["read", "delete"], "but what was managed is, when only read from now on"
    toys.engine.destroy()
    assert toys.verbs() == [], "and reading is all that ever happens to it"


def test_unknowns_are_instances_at_every_depth(toys: Toys) -> None:
    def chain(value: str) -> Program:
        def program() -> None:
            first = toy.Toy("first", {"v": value, "out": None})
            out: pulumi.Output[str] = first.out  # type: ignore[attr-defined]
            hidden: pulumi.Output[str] = pulumi.Output.secret(out)
            toy.Toy("r", {"flat": out, "deep": {"in": out}, "list": [out, "y"], "s": hidden})

        return program

    unknown = {"flat": UNKNOWN, "deep": {"in": UNKNOWN}, "list": [UNKNOWN, "str:y"], "s": UNKNOWN}
    toys.script(create={"outs": {"out": "o"}}, update={"outs": {"out": "o"}})
    toys.engine.preview(chain("1"))
    assert [c["news"] for c in toys.calls()] == [{"v": "str:1"}, unknown]
    toys.up(chain("1"))
    toys.calls()
    toys.engine.preview(chain("2"))
    seen = toys.calls()
    assert [c["verb"] for c in seen] == ["check", "diff"] * 2
    assert [c["news"] for c in seen[2:]] == [unknown] * 2
    answer = {"changes": None, "replaces": ["v"], "delete_before_replace": True}
    toys.script(diff=answer, create={"outs": {"out": "o"}})
    toys.up(chain("3"))
    whole = dict.fromkeys(unknown, UNKNOWN)
    assert whole in [c.get("news") for c in toys.calls()], "in up too, below delete-before-replace"


def test_an_error_leaves_the_state_as_it_was(toys: Toys) -> None:
    toys.script(create={"raise": "half-made"})
    run = toys.up(declare(s=secret), expect_failure=True)
    assert "half-made" in run.error
    assert "Traceback" in run.stdout, "the user sees our files and lines"
    with pytest.raises(KeyError):
        toys.engine.resource("r")
    toys.script()
    toys.up(declare(a="1"))
    toys.script(update={"raise": "half-done"})
    toys.up(declare(a="2"), expect_failure=True)
    assert (toys.bag("inputs"), toys.bag("outputs")) == ({"a": "1"}, {"a": "1"})
    toys.script(delete={"raise": "half-gone"})
    toys.engine.destroy(expect_failure=True)
    assert toys.bag("outputs") == {"a": "1"}
