"""`run.py test`: pytest, which starts and ends its own throw-away cluster (tests/database.py)."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from launcher.backend import FOREIGN_PYTHON

WORKERS = "2"
# Each of these chooses the processes itself, or cannot share the terminal.
CHOOSES_PROCESSES = ("-n", "--numprocesses", "--dist", "--pdb", "--trace", "no:xdist", "-pno:xdist")


def pytest_arguments(given: Sequence[str]) -> list[str]:
    if any(word.startswith(CHOOSES_PROCESSES) for word in given):
        return list(given)
    return ["-n", WORKERS, *given]


def test(root: Path, python: str, environ: Mapping[str, str], arguments: Sequence[str]) -> NoReturn:
    """Becomes pytest, so that its signals, its terminal and its last line are its own."""
    env = {name: value for name, value in environ.items() if name not in FOREIGN_PYTHON}
    os.chdir(root)
    sys.stdout.flush()
    os.execve(python, [str(python), "-m", "pytest", *pytest_arguments(arguments)], env)  # noqa: S606
