#!/usr/bin/env python3
"""Starts, tests and checks Copydesk: `python3 run.py --help`."""

import sys

# Before any import of ours, whose syntax an older Python could not even read.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Copydesk needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

from launcher.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
