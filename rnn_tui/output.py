"""What the commands print: everything goes through here, and nothing of it reaches a terminal as a control."""

import sys

import click

from rnn_tui.text import printable

__all__ = ["say", "write_exact"]


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines for people, every character as its safe glyph; only line feeds are kept. Raises OSError."""
    _write(f"{printable(text)}\n", err=err)


def write_exact(text: str) -> None:
    """Print a text: on a terminal as safe glyphs, to a pipe or a file character for character.

    Raises OSError, and ClickException for characters that the encoding of stdout does not have.
    """
    if sys.stdout is None or sys.stdout.isatty():
        say(text)
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise click.ClickException(
            f"the text holds {character!a}, which {encoding} does not have: PYTHONIOENCODING=utf-8 prints it"
        ) from None
    _write(f"{text}\n", err=False)


def _write(text: str, *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        stream.write(text)
        stream.flush()
