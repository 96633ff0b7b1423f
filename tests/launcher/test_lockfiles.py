from pathlib import Path

import pytest

from launcher.cli import ROOT
from launcher.lockfiles import faults

HASH = "\\\n    --hash=sha256:00\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.in").write_text("# why\nDjango>=5\npsycopg[binary]>=3 ; python_version > '3'\n")
    (tmp_path / "dev.in").write_text("-r run.in\npytest-xdist\n")
    run = f"django==5.2 {HASH}psycopg==3.3 ; python_version > '3' {HASH}"
    (tmp_path / "run.lock").write_text(run)
    (tmp_path / "dev.lock").write_text(f"{run}pytest-xdist==3 {HASH}")
    return tmp_path


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_ours() -> None:
    assert faults(ROOT / "requirements") == []


def test_sound(folder: Path) -> None:
    assert faults(folder) == []


@pytest.mark.parametrize("line", ["--index-url https://somewhere/simple\n", "# from http://somewhere\n"])
def test_a_host(folder: Path, line: str) -> None:
    append(folder / "dev.lock", line)
    assert faults(folder) == ["dev.lock names a host."]


def test_a_name_that_was_not_compiled(folder: Path) -> None:
    append(folder / "dev.in", "Mypy_Extensions>=1\n")
    assert faults(folder) == ["dev.in asks for mypy-extensions, which dev.lock does not hold."]


def test_names_are_compared_as_pip_compares_them(folder: Path) -> None:
    (folder / "dev.in").write_text("PyTest_XDist[psutil]\n")
    assert faults(folder) == []


def test_a_pin_without_hash(folder: Path) -> None:
    append(folder / "dev.lock", "requests==2\n")
    assert faults(folder) == ["dev.lock has no hash for requests==2."]


def test_developers_serve_with_what_is_served(folder: Path) -> None:
    text = (folder / "dev.lock").read_text().replace("django==5.2", "django==5.1")
    (folder / "dev.lock").write_text(text)
    assert faults(folder) == ["run.lock pins django==5.2, dev.lock does not."]
