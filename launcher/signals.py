"""Ctrl-C, SIGTERM and SIGHUP all mean the same: stop, and leave nothing running."""

import signal
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Not an Exception, so that nothing swallows it."""


def stop_on_signals() -> None:
    for sign in ENDING:
        signal.signal(sign, _stop)


def leave_ctrl_c_to_child() -> None:
    """For a child on the terminal, which gets it too. A handler and not SIG_IGN, which the child would inherit."""
    signal.signal(signal.SIGINT, _nothing)


def ignore_signals() -> None:
    """While stopping: that ends by itself within seconds, and must not be left half done."""
    for sign in ENDING:
        signal.signal(sign, signal.SIG_IGN)


def _stop(_sign: int, _frame: FrameType | None) -> None:
    ignore_signals()
    raise Stop


def _nothing(_sign: int, _frame: FrameType | None) -> None:
    pass
