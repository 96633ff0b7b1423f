"""What must be true of requirements/*.lock."""

import re
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
HOST = re.compile(r"https?://")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted_names(text: str) -> set[str]:
    found = (NAME.match(line) for line in text.splitlines())
    return {normal(match[0]) for match in found if match}


def pins(text: str) -> dict[str, bool]:
    """Each `name==version`, and whether hashes follow it."""
    lines = [line for line in text.splitlines() if NAME.match(line)]
    return {line.split(";")[0].rstrip("\\").strip(): line.endswith("\\") for line in lines}


def faults(requirements: Path) -> list[str]:
    found: list[str] = []
    locks = {name: (requirements / f"{name}.lock").read_text() for name in ("run", "dev")}
    for name, lock in locks.items():
        if HOST.search(lock):
            found.append(f"{name}.lock names a host.")
        found += [f"{name}.lock has no hash for {pin}." for pin, hashed in pins(lock).items() if not hashed]
        missing = wanted_names((requirements / f"{name}.in").read_text()) - wanted_names(lock)
        found += [f"{name}.in asks for {wanted}, which {name}.lock does not hold." for wanted in sorted(missing)]
    # A venv for developers must serve as well.
    apart = pins(locks["run"]).keys() - pins(locks["dev"]).keys()
    found += [f"run.lock pins {pin}, dev.lock does not." for pin in sorted(apart)]
    return found
