"""What `run.py bench` is asked, and which data folders it takes for loaded."""

import json
from pathlib import Path

import pytest

from launcher.bench import Wanted, is_loaded, parse
from launcher.cli import ROOT
from launcher.cli import parse as parse_command
from launcher.data import DataFolder
from launcher.errors import LaunchError


def wanted(folder: Path, *arguments: str) -> Wanted:
    return parse(ROOT, ["--orders", "1000", "--data", str(folder), *arguments])


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "world")
    folder.open()
    return folder


def note(data: DataFolder, **values: object) -> None:
    (data.path / "bench.json").write_text(json.dumps(values))


def test_what_it_is_asked() -> None:
    asked = parse_command(["bench", "--orders", "10000", "--json", "figures.json"])
    assert (asked.command, asked.arguments) == ("bench", ("--orders", "10000", "--json", "figures.json"))

    given = parse(ROOT, asked.arguments)
    assert (given.orders, given.data, given.fresh) == (10_000, ROOT / ".bench" / "10000", False)
    assert given.json == Path("figures.json").absolute()


@pytest.mark.parametrize("arguments", [[], ["--orders", "59"], ["--orders", "many"], ["--orders", "100", "more"]])
def test_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        parse(ROOT, arguments)
    assert refusal.value.code == 2


def test_a_loaded_world_is_used_again(data: DataFolder) -> None:
    assert not is_loaded(data, wanted(data.path))
    note(data, orders=1000, seconds={})
    assert is_loaded(data, wanted(data.path))


def test_one_that_was_cut_off_is_loaded_anew(data: DataFolder) -> None:
    note(data, orders=1000)
    (data.path / "prepared").touch()
    assert not is_loaded(data, wanted(data.path))
    assert not (data.path / "prepared").exists()


def test_fresh_loads_anew(data: DataFolder) -> None:
    note(data, orders=1000, seconds={})
    assert not is_loaded(data, wanted(data.path, "--fresh"))
    assert not (data.path / "bench.json").exists()


def test_another_world_is_left_alone(data: DataFolder) -> None:
    note(data, orders=2000, seconds={})
    with pytest.raises(LaunchError, match="2000 orders"):
        is_loaded(data, wanted(data.path))
    assert (data.path / "bench.json").exists()


def test_the_demonstrations_folder_is_left_alone(data: DataFolder) -> None:
    (data.path / "prepared").touch()
    with pytest.raises(LaunchError, match="another database"):
        is_loaded(data, wanted(data.path, "--fresh"))
    assert (data.path / "prepared").exists()
