from pathlib import Path

import pytest

from launcher.cli import ROOT, parse
from launcher.testing import pytest_arguments


def test_serves_by_default() -> None:
    request = parse([])
    assert (request.command, request.port, request.data, request.fresh) == ("serve", 8000, ROOT / ".data", False)


def test_options_of_serving() -> None:
    request = parse(["--port", "9000", "--data=/elsewhere", "--fresh"])
    assert (request.command, request.port, request.data, request.fresh) == ("serve", 9000, Path("/elsewhere"), True)


def test_what_follows_a_command_is_the_commands() -> None:
    assert parse(["test", "-x", "--port", "1", "check"]).arguments == ("-x", "--port", "1", "check")


def test_options_stand_before_a_command() -> None:
    request = parse(["--data", "folder", "manage", "shell", "--data", "other"])
    assert (request.command, request.data, request.arguments) == (
        "manage",
        Path("folder"),
        ("shell", "--data", "other"),
    )


def test_a_folder_may_be_called_like_a_command() -> None:
    request = parse(["--data", "test", "--fresh"])
    assert (request.command, request.data) == ("serve", Path("test"))


@pytest.mark.parametrize(
    "argv",
    [
        ["--port", "0"],
        ["--port", "65535"],
        ["--port", "http"],
        ["--fresh", "test"],
        ["check", "this"],
        ["tests"],
        ["--por", "9000"],
    ],
)
def test_refused(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        parse(argv)
    assert refusal.value.code == 2


def test_two_workers_unless_asked_otherwise() -> None:
    assert pytest_arguments(["-x"]) == ["-n", "2", "-x"]


@pytest.mark.parametrize("given", [["-n4"], ["-n", "0"], ["--numprocesses=3"], ["--pdb"], ["-p", "no:xdist"]])
def test_the_number_of_workers_can_be_chosen(given: list[str]) -> None:
    assert pytest_arguments(given) == given
