"""`run.py manage` and `run.py openapi`: Django's commands, with the right environment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher.backend import backend, base_env, given_env, own_env
from launcher.data import DataFolder
from launcher.progress import run_shown, say
from launcher.signals import Stop, leave_ctrl_c_to_child, stop_on_signals

OPENAPI = Path("docs", "openapi.yaml")
# These change the schema, which only its owner may.
OWNER_COMMANDS = ("migrate",)


def manage(root: Path, python: str, environ: Mapping[str, str], folder: Path, arguments: Sequence[str]) -> int:
    data = DataFolder(folder)
    data.open()
    # What the command changes, the next start must look at again.
    data.prepared.unlink(missing_ok=True)

    def run(env: Mapping[str, str]) -> int:
        role = {"COPYDESK_ROLE": "owner"} if arguments and arguments[0] in OWNER_COMMANDS else {}
        return run_shown([python, "-m", "django", *arguments], {**env, **role}, root, own_group=False)

    stop_on_signals()
    leave_ctrl_c_to_child()
    try:
        if environ.get("DATABASE_URL"):
            return run(given_env(environ, root, data, None))
        running = data.running()
        if running is not None and not data.lock.acquire():
            return run(own_env(environ, root, data, running))
        if not data.lock.held:
            data.take()
        with data.lock, backend(root, python, environ, data, None) as database:
            return run(database.env)
    except Stop:
        return 130


def openapi_command(python: str, file: str) -> list[str]:
    return [python, "-m", "django", "spectacular", "--validate", "--fail-on-warn", "--file", file]


def write_openapi(root: Path, python: str, environ: Mapping[str, str]) -> int:
    (root / OPENAPI).parent.mkdir(exist_ok=True)
    code = run_shown(openapi_command(python, str(root / OPENAPI)), base_env(environ, root), root)
    if code == 0:
        say(f"Wrote {OPENAPI}.")
    return code
