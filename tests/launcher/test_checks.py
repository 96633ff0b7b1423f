import os
import sys
from pathlib import Path

import pytest

from launcher import checks
from launcher.checks import Outcome, Workshop, check, compare, report


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    committed, fresh = tmp_path / "committed.yaml", tmp_path / "fresh.yaml"
    fresh.write_text("a: 1\nb: 2\n")
    return committed, fresh


def test_unchanged(files: tuple[Path, Path]) -> None:
    committed, fresh = files
    committed.write_text(fresh.read_text())
    assert compare(committed, fresh) == Outcome(passed=True, output="")


def test_changed_shows_the_lines_and_the_remedy(files: tuple[Path, Path]) -> None:
    committed, fresh = files
    committed.write_text("a: 1\nb: 3\n")
    outcome = compare(committed, fresh)
    assert not outcome.passed
    assert "-b: 3\n+b: 2" in outcome.output
    assert "run.py openapi" in outcome.output


def test_never_committed(files: tuple[Path, Path]) -> None:
    assert not compare(*files).passed


def test_a_long_difference_is_cut(files: tuple[Path, Path]) -> None:
    committed, fresh = files
    fresh.write_text("".join(f"{line}\n" for line in range(1000)))
    assert "lines more" in compare(committed, fresh).output


def test_one_line_each_and_the_output_of_failures_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("good", lambda: Outcome(passed=True, output="unseen"))
    assert not report("bad", lambda: Outcome(passed=False, output="seen"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok     good")
    assert lines[1].startswith("FAILED bad")
    assert lines[2:] == ["seen", ""]


def test_a_failure_does_not_keep_the_others_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Outcome:
        raise FileNotFoundError("gone")

    outcomes = {"one": missing, "two": lambda: Outcome(passed=True, output="")}
    monkeypatch.setattr(checks, "checks", lambda _: outcomes)
    assert check(tmp_path, sys.executable, {}) == 1
    assert "ok     two" in capsys.readouterr().out


def test_no_check_finds_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Workshop] = []

    def none(shop: Workshop) -> dict[str, object]:
        seen.append(shop)
        return {}

    monkeypatch.setattr(checks, "checks", none)
    assert check(tmp_path, sys.executable, {**os.environ, "DATABASE_URL": "postgresql://me@/mine"}) == 0
    assert "mine" not in seen[0].env["DATABASE_URL"]
