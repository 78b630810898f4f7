"""What commands refuse, in one line."""

import click

from rnn_tui.common.process import is_gone

__all__ = ["UsageError", "check_working_folder"]


class UsageError(click.ClickException):
    """What cannot be done, as one line. Exit code 2."""

    exit_code = 2


def check_working_folder() -> None:
    """Raise UsageError where the working directory has been deleted: no path works then, and torch does not load."""
    if is_gone():
        raise UsageError("the folder that you are in has been deleted: go to another one (cd)")
