import json
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher import venv as module
from launcher.errors import LaunchError
from launcher.venv import Profile, Stamp, Venv, ensure_venv


class Builder:
    """Stands in for the commands that make a venv, and notes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.steps: list[str] = []
        self.fails_at: str | None = None

    def __call__(self, text: str, command: list[str], _env: object, _cwd: Path) -> None:
        step = "venv" if "venv" in command[1:3] else Path(command[-1]).name
        self.steps.append(step)
        if step == self.fails_at:
            raise LaunchError(text)
        if step == "venv":
            python = self.root / ".venv" / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.write_text("#!/bin/sh\nexit 0\n")
            python.chmod(0o755)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    for profile in ("run", "dev"):
        (tmp_path / "requirements" / f"{profile}.lock").write_text(f"{profile}==1\n")
    return tmp_path


@pytest.fixture
def builder(root: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    builder = Builder(root)
    monkeypatch.setattr(module, "run_step", builder)
    return builder


@pytest.fixture
def ensure(root: Path, builder: Builder) -> Callable[[Profile], list[str]]:
    def ensure(profile: Profile) -> list[str]:
        """What had to be done."""
        builder.steps.clear()
        Venv(root, {"PATH": ""}).ensure(profile)
        return list(builder.steps)

    return ensure


def test_made_once(ensure: Callable[[Profile], list[str]]) -> None:
    assert ensure("run") == ["venv", "run.lock"]
    assert ensure("run") == []


def test_tools_are_added_and_stay(ensure: Callable[[Profile], list[str]]) -> None:
    ensure("run")
    assert ensure("dev") == ["dev.lock"]
    assert ensure("run") == []


def test_a_new_lock_is_installed_with_the_tools_kept(root: Path, ensure: Callable[[Profile], list[str]]) -> None:
    ensure("dev")
    (root / "requirements" / "run.lock").write_text("run==2\n")
    assert ensure("run") == []
    (root / "requirements" / "dev.lock").write_text("dev==2\n")
    assert ensure("run") == ["dev.lock"]


def test_killed_half_way_it_is_made_anew(root: Path, builder: Builder, ensure: Callable[[Profile], list[str]]) -> None:
    builder.fails_at = "run.lock"
    with pytest.raises(LaunchError):
        ensure("run")
    (root / ".venv" / "half").touch()
    builder.fails_at = None
    assert ensure("run") == ["venv", "run.lock"]
    assert not (root / ".venv" / "half").exists()


def test_killed_while_updating_it_is_made_anew(
    root: Path, builder: Builder, ensure: Callable[[Profile], list[str]]
) -> None:
    ensure("run")
    (root / "requirements" / "run.lock").write_text("run==2\n")
    builder.fails_at = "run.lock"
    with pytest.raises(LaunchError):
        ensure("run")
    builder.fails_at = None
    assert ensure("run") == ["venv", "run.lock"]


def test_a_python_that_is_gone_is_replaced(root: Path, ensure: Callable[[Profile], list[str]]) -> None:
    ensure("run")
    (root / ".venv" / "bin" / "python").unlink()
    assert ensure("run") == ["venv", "run.lock"]


def test_without_ensurepip_one_sentence(root: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LaunchError, match="lacks ensurepip"):
        Venv(root, {"PATH": ""}).ensure("run")
    assert builder.steps == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"profile": "run"}'])
def test_an_unreadable_stamp_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp").write_text(text)
    assert Stamp.read(tmp_path / "stamp") is None


def test_stamp_is_the_hash_of_the_lock(root: Path, ensure: Callable[[Profile], list[str]]) -> None:
    ensure("run")
    known = json.loads((root / ".venv" / "copydesk.json").read_text())
    assert known["profile"] == "run"
    assert len(known["lock"]) == 64


def test_a_venv_given_by_the_person_is_left_alone(root: Path, builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="COPYDESK_VENV"):
        ensure_venv(root, "run", {"COPYDESK_VENV": str(tmp_path)})
    assert builder.steps == []
