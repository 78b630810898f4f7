"""Where the program begins, also for `python -m rnn_tui`: Ctrl+C ends it in one way, however early it comes."""

import gc
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, and exit."""
    try:
        import signal

        heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else somebody has it ignored
        if heeds:  # what is half imported would not pass an exception on as it is
            signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        from rnn_tui.common.process import open_streams

        open_streams()
        gc.disable()  # nothing that is imported is garbage, and looking for some takes a tenth of the time
        from rnn_tui.cli.main import import_command
        from rnn_tui.cli.main import main as run

        import_command(sys.argv[1:])
        gc.freeze()  # else the first collection would look at all of it
        gc.enable()
        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    main()
