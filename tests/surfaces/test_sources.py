"""Values by reference: the bytes as they are, and a clear error for what cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recoverable_secrets import sources
from recoverable_secrets.core import errors
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed

CANARY = "canary-5be1d0c4"
VARIABLE = "VALUE_OF_A_TEST"
LIMIT = 65_536


class Elsewhere:
    """A store that has one parameter and one secret, and tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def read_parameter(self, name: str) -> Sealed:
        self.asked.append(("parameter", name))
        return Sealed("of the parameter")

    def read_secret(self, id: str) -> Sealed:  # noqa: A002
        self.asked.append(("secret", id))
        return Sealed(b"of the secret")


class Nowhere:
    """A store that must not be asked."""

    def read_parameter(self, name: str) -> Sealed:
        raise AssertionError(name)

    def read_secret(self, id: str) -> Sealed:  # noqa: A002
        raise AssertionError(id)


def refused(reference: ValueFrom) -> str:
    """Read what cannot be read; return the text, checked for what holds for all of them."""
    with pytest.raises(errors.InvalidInput) as caught:
        sources.read(reference, Nowhere())
    (problem,) = caught.value.problems
    assert len(problem) <= errors.LIMIT
    assert not problem.endswith("…"), "cut off"
    for shown in all_that_hangs_on(caught.value):
        assert CANARY not in shown
        assert CANARY.encode().hex() not in shown
    return problem


def all_that_hangs_on(error: BaseException) -> Iterator[str]:
    """Yield what logs and error trackers show of an exception: chain, frames and their locals."""
    one: BaseException | None = error
    while one is not None:
        yield from (str(one), repr(one), "".join(traceback.format_exception(one)))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename == sources.__file__:
                yield repr(frame.f_locals)
        one = one.__context__


CONTENTS = [
    pytest.param(b"plain", "plain", id="text"),
    pytest.param(b"line\n", "line\n", id="a line end at the end stays"),
    pytest.param(b"\r\n", "\r\n", id="line ends only"),
    pytest.param(b" a b\t", " a b\t", id="spaces around stay"),
    pytest.param("é\u2028\U0001f600".encode(), "é\u2028\U0001f600", id="UTF-8"),
    pytest.param(b"\xef\xbb\xbfx", "\ufeffx", id="a byte order mark stays"),
    pytest.param(b"\xff\xfe", b"\xff\xfe", id="no UTF-8 is binary"),
    pytest.param(b"a\xe9", b"a\xe9", id="Latin-1 is binary"),
    pytest.param(b"x" * LIMIT, "x" * LIMIT, id="as much as a secret can hold"),
]


@pytest.mark.parametrize(
    ("content", "value"), [*CONTENTS, pytest.param(b"a\0b", "a\0b", id="a NUL is text")]
)
def test_a_file(tmp_path: Path, content: bytes, value: str | bytes) -> None:
    place = tmp_path / "value"
    place.write_bytes(content)
    assert sources.read(ValueFrom(file=str(place)), Nowhere()) == Sealed(value)


@pytest.mark.skipif(sys.platform == "win32", reason="variables are no bytes there")
@pytest.mark.parametrize(("content", "value"), CONTENTS)
def test_an_environment_variable(
    monkeypatch: pytest.MonkeyPatch, content: bytes, value: str | bytes
) -> None:
    """The same bytes give the same value as in a file."""
    monkeypatch.setenv(VARIABLE, os.fsdecode(content))
    found = sources.read(ValueFrom(environment_variable=VARIABLE), Nowhere())
    assert found == Sealed(value)


def test_a_relative_path_starts_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "value").write_text(CANARY)
    monkeypatch.chdir(tmp_path)
    assert sources.read(ValueFrom(file="value"), Nowhere()) == Sealed(CANARY)


def test_each_reading_is_a_new_one(tmp_path: Path) -> None:
    """A changed `value_version` must find what is there now."""
    reference = ValueFrom(file=str(tmp_path / "value"))
    for value in ("old", "new"):
        (tmp_path / "value").write_text(value)
        assert sources.read(reference, Nowhere()) == Sealed(value)


def test_places_in_aws_are_the_stores_to_read() -> None:
    store = Elsewhere()
    assert sources.read(ValueFrom(ssm_parameter="/a"), store) == Sealed("of the parameter")
    assert sources.read(ValueFrom(secret="b"), store) == Sealed(b"of the secret")
    assert store.asked == [("parameter", "/a"), ("secret", "b")]


def test_no_place() -> None:
    """Caught where declarations are checked; here only as a last line."""
    assert refused(ValueFrom()) == "value_from names no place: name exactly one"


def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert refused(ValueFrom(environment_variable=VARIABLE)) == (
        f"value_from.environment_variable {VARIABLE} is not set in the process that does the "
        "work: set it there, then run again"
    )


def test_a_variable_that_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert refused(ValueFrom(environment_variable=VARIABLE)) == (
        f"value_from.environment_variable {VARIABLE} is empty: put the value there, then run again"
    )


def test_a_variable_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, CANARY + "x" * LIMIT)
    assert refused(ValueFrom(environment_variable=VARIABLE)) == (
        f"value_from.environment_variable {VARIABLE} holds more than 65536 bytes, the most that a "
        "secret can: shorten it"
    )


@pytest.mark.parametrize("name", ["", "A=B", "A\0B"])
def test_a_variable_that_cannot_be(name: str) -> None:
    assert "is not set" in refused(ValueFrom(environment_variable=name))


Planted = Callable[[Path], object]
UNREADABLE = [
    pytest.param(lambda _: None, "cannot be read (No such file or directory)", id="missing"),
    pytest.param(Path.mkdir, "is no regular file", id="a directory"),
    pytest.param(os.mkfifo, "is no regular file", id="a pipe, which would block"),
    pytest.param(
        lambda place: place.symlink_to(place),
        "cannot be read (Too many levels of symbolic links)",
        id="a link to itself",
    ),
]
ADVICE = ": name a file that can be read where the work is done, best by a full path"


@pytest.mark.parametrize(("plant", "fault"), UNREADABLE)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Planted, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    plant(tmp_path / "value")
    assert refused(ValueFrom(file="value")) == f"value_from.file value {fault}{ADVICE}"


@pytest.mark.parametrize("path", ["/proc/self/mem", "/dev/zero", "x\0y", "", "n" * 5000])
def test_a_path_that_leads_to_no_file(path: str) -> None:
    """Whatever a name brings, it ends at once and with the advice."""
    assert refused(ValueFrom(file=path)).endswith(ADVICE)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The permission is taken at the file itself, unless one may read everything."""
    place = tmp_path / "value"
    place.write_text(CANARY)
    place.chmod(0)
    if os.access(place, os.R_OK):  # Root reads all: the system's refusal is played.
        monkeypatch.setattr(Path, "open", denied)
    told = refused(ValueFrom(file=str(place)))
    assert told.endswith(f"value cannot be read (Permission denied){ADVICE}")


def denied(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "value").touch()
    told = refused(ValueFrom(file=str(tmp_path / "value")))
    assert told.endswith("value is empty: put the value there, then run again")


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    """One byte is enough; a huge one is not read to its end."""
    place = tmp_path / "value"
    place.write_bytes(CANARY.encode().ljust(LIMIT + 1, b"x"))
    told = "holds more than 65536 bytes, the most that a secret can: shorten it"
    assert refused(ValueFrom(file=str(place))).endswith(told)
    with place.open("ab") as grown:
        grown.truncate(1 << 40)
    assert refused(ValueFrom(file=str(place))).endswith(told)


def test_long_names_are_shortened(tmp_path: Path) -> None:
    """The advice stays readable whatever the length of the path."""
    place = tmp_path.joinpath(*["directory"] * 20, "end-of-the-path")
    told = refused(ValueFrom(file=str(place)))
    assert "…" in told
    assert "end-of-the-path cannot be read" in told
    assert told.endswith(ADVICE)


def test_no_sdk_is_loaded_for_it() -> None:
    """Programs that read a variable or file wait for no SDK: it is the store's alone."""
    code = "import sys, recoverable_secrets.sources; print('boto3' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert ran.stdout == "False\n"
