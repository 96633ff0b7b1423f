"""What stops a launch."""


class LaunchError(Exception):
    """Shown to the person as one sentence, without a traceback."""
