"""What can be asked of `run.py`."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.bench import bench
from launcher.checks import check
from launcher.errors import LaunchError
from launcher.manage import manage, write_openapi
from launcher.serve import serve
from launcher.testing import test
from launcher.venv import ensure_venv

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("test", "check", "manage", "openapi", "bench")
WITH_VALUE = ("--port", "--data")
HIGHEST_PORT = 65534  # the stream takes the one above

HELP = """\
  run.py                       set up, fill the demonstration world, serve API, worker and stream
  run.py test [arguments]      run the tests; the arguments are pytest's
  run.py check                 linters, types, import contracts, migrations, OpenAPI, lock files
  run.py manage COMMAND …      a Django command on the database of --data
  run.py openapi               write docs/openapi.yaml anew
  run.py bench --orders N …    load a world of N orders and measure every GET route (bench --help)
"""


@dataclass(frozen=True)
class Request:
    command: str
    arguments: tuple[str, ...]
    port: int
    data: Path
    fresh: bool


def parse(argv: Sequence[str]) -> Request:
    """Everything behind a command's name belongs to that command, unread."""
    at = next(
        (i for i, word in enumerate(argv) if word in COMMANDS and (i == 0 or argv[i - 1] not in WITH_VALUE)), len(argv)
    )
    parser = argparse.ArgumentParser(
        prog="run.py",
        usage="run.py [options] [test | check | manage | openapi | bench] [arguments]",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=8000, help="the API's port; the stream takes the next (8000)")
    parser.add_argument("--data", type=Path, default=None, help="folder of everything that is kept (.data)")
    parser.add_argument("--fresh", action="store_true", help="remove what an earlier start left in that folder")
    options = parser.parse_args(argv[:at])
    command = argv[at] if at < len(argv) else "serve"
    if options.fresh and command != "serve":
        parser.error(f"--fresh does not go with {command}")
    if command in ("check", "openapi") and len(argv) > at + 1:
        parser.error(f"{command} takes no arguments")
    return Request(
        command=command,
        arguments=tuple(argv[at + 1 :]),
        port=options.port,
        data=options.data if options.data is not None else ROOT / ".data",
        fresh=options.fresh,
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port lies between 1 and {HIGHEST_PORT}")
    return port


def main(argv: Sequence[str]) -> int:
    request = parse(argv)
    try:
        return _run(request)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(request: Request) -> int:
    environ = dict(os.environ)
    if request.command == "test":
        return test(ROOT, ensure_venv(ROOT, "dev", environ), environ, request.arguments)
    if request.command == "check":
        return check(ROOT, ensure_venv(ROOT, "dev", environ), environ)
    if request.command == "bench":
        return bench(ROOT, environ, request.arguments)
    if request.command == "openapi":
        return write_openapi(ROOT, ensure_venv(ROOT, "run", environ), environ)
    if request.command == "manage":
        return manage(ROOT, ensure_venv(ROOT, "run", environ), environ, request.data, request.arguments)
    serve(ROOT, environ, port=request.port, folder=request.data, fresh=request.fresh)
    return 0
