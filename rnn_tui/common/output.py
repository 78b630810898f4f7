"""What the commands print: everything goes through here, and nothing of it reaches a terminal as a control."""

import sys

import click

from rnn_tui.common.glyphs import printable

__all__ = ["Piecewise", "say", "write_escaped", "write_exact"]


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines for people, every character as its safe glyph; only line feeds are kept. Raises OSError."""
    _write(f"{printable(text)}\n", err=err)


def write_escaped(text: str) -> None:
    """Print a text in which whatever could act is escaped already, such as TOML that we have made. Raises OSError."""
    _write(text, err=False)


def write_exact(text: str) -> None:
    """Print a text: on a terminal as safe glyphs, to a pipe or a file character for character.

    Raises OSError, and ClickException for characters that the encoding of stdout does not have.
    """
    out = Piecewise()
    out.write(text)
    out.end()


class Piecewise:
    """A text that is printed as it comes, piece by piece, as `write_exact` prints a whole one."""

    def __init__(self) -> None:
        self._safe = sys.stdout is None or sys.stdout.isatty()
        self._encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding or "utf-8"

    def write(self, piece: str) -> None:
        """Print some more of it. Raises OSError, and ClickException as `write_exact` does."""
        if self._safe:
            _write(printable(piece), err=False)
            return
        try:
            piece.encode(self._encoding)
        except UnicodeEncodeError as error:
            character = piece[error.start]
            raise click.ClickException(
                f"the text holds {character!a}, which {self._encoding} does not have: PYTHONIOENCODING=utf-8 prints it"
            ) from None
        _write(piece, err=False)

    def end(self) -> None:
        """Print the line feed after it. Raises OSError."""
        _write("\n", err=False)


def _write(text: str, *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        stream.write(text)
        stream.flush()
