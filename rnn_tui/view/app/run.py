"""Run the app until it is left, and print what stands on the terminal after it."""

from rnn_tui.client.link import EngineLink
from rnn_tui.common.output import say
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.app.terminal_app import has_mouse
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.terminal.ascii import in_ascii, is_ascii
from rnn_tui.view.terminal.exit import last_lines

__all__ = ["run_app"]


def run_app(engine: EngineLink, launch: LaunchOptions) -> int:
    """Show the app until it is left, and return the exit code."""
    app = RnnApp(engine, launch)
    try:
        code = app.run(mouse=has_mouse()) or app.return_code or 0
    finally:
        app.hang_up()
        run = app.run_state
        on_hangup = "train" if engine.joined else launch.view_settings.on_hangup
        lines = last_lines(
            run.opened, run.left, ends_run=run.ends_with_view, on_hangup=on_hangup, died=run.died, ended=run.has_ended
        )
        for line in lines:
            say(in_ascii(line) if is_ascii(app) else line)
    return code
