"""`run.py check`: all of them, one line each, whatever the one before said."""

import difflib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher import lockfiles
from launcher.backend import base_env
from launcher.manage import OPENAPI, openapi_command
from launcher.orphans import spawn
from launcher.progress import say

MOST_DIFF_LINES = 80
TYPED = ("copydesk", "launcher", "run.py")
# No check reads a database; one that tries shall fail and not find a developer's.
NO_DATABASE = "postgresql://nobody@/none?host=/nonexistent"


@dataclass(frozen=True)
class Outcome:
    passed: bool
    output: str


@dataclass(frozen=True)
class Workshop:
    root: Path
    python: str
    env: Mapping[str, str]

    def run(self, *arguments: str) -> Outcome:
        with tempfile.TemporaryFile() as output:
            code = spawn([self.python, *arguments], env=self.env, cwd=self.root, output=output).wait()
            output.seek(0)
            return Outcome(code == 0, output.read().decode(errors="replace"))

    def lint_imports(self) -> Outcome:
        script = "from importlinter.cli import lint_imports_command as run; run()"
        return self.run("-c", script, "--no-cache", "--no-logo")

    def migrations(self) -> Outcome:
        return self.run("-m", "django", "makemigrations", "--check", "--dry-run")

    def openapi(self) -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder, OPENAPI.name)
            outcome = self.run(*openapi_command(self.python, str(fresh))[1:])
            if not outcome.passed:
                return outcome
            return compare(self.root / OPENAPI, fresh)

    def lock_files(self) -> Outcome:
        found = lockfiles.faults(self.root / "requirements")
        return Outcome(not found, "\n".join(found))


def compare(committed: Path, fresh: Path) -> Outcome:
    old = committed.read_text().splitlines() if committed.exists() else []
    new = fresh.read_text().splitlines()
    diff = list(difflib.unified_diff(old, new, str(OPENAPI), "what the code says", lineterm=""))
    if not diff:
        return Outcome(passed=True, output="")
    shown = diff[:MOST_DIFF_LINES]
    if len(diff) > len(shown):
        shown.append(f"… and {len(diff) - len(shown)} lines more")
    return Outcome(passed=False, output="\n".join([*shown, f"`run.py openapi` writes {OPENAPI} anew."]))


def checks(shop: Workshop) -> dict[str, Callable[[], Outcome]]:
    return {
        "lock files": shop.lock_files,
        "lint (ruff)": lambda: shop.run("-m", "ruff", "check", "--output-format", "concise"),
        "format (ruff)": lambda: shop.run("-m", "ruff", "format", "--check", "--output-format", "concise"),
        "import contracts (import-linter)": shop.lint_imports,
        "types (mypy)": lambda: shop.run("-m", "mypy", *TYPED),
        "Django's checks": lambda: shop.run("-m", "django", "check"),
        "migrations complete": shop.migrations,
        "OpenAPI valid and unchanged": shop.openapi,
    }


def check(root: Path, python: str, environ: Mapping[str, str]) -> int:
    with tempfile.TemporaryDirectory() as data:
        env = {
            **base_env(environ, root),
            "DATABASE_URL": NO_DATABASE,
            "DATABASE_OWNER_URL": NO_DATABASE,
            "COPYDESK_DATA": data,
            "COPYDESK_SECRET_KEY": "only-for-checks-" + "0123456789" * 5,
        }
        failed = sum(not report(name, run) for name, run in checks(Workshop(root, python, env)).items())
    say("All checks passed." if not failed else f"{failed} of the checks failed.")
    return 1 if failed else 0


def report(name: str, run: Callable[[], Outcome]) -> bool:
    started = time.monotonic()
    try:
        outcome = run()
    except (OSError, subprocess.SubprocessError) as error:
        outcome = Outcome(passed=False, output=str(error))
    say(f"{'ok    ' if outcome.passed else 'FAILED'} {name}, {time.monotonic() - started:.1f} s")
    if not outcome.passed:
        say(outcome.output.strip() + "\n")
    return outcome.passed
