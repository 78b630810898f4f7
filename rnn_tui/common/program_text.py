"""The text of a Python program that runs a function of ours in a process of its own."""

from pathlib import Path

__all__ = ["program_text"]

_ROOT = str(Path(__file__).parents[2])  # where `rnn_tui` is found


def program_text(module: str, call: str, *, puts_folder_back: bool = False) -> str:
    """Return what `python -c` needs to import from a module of ours and make a call, such as `main()`.

    Nothing is imported from the folder that we are in, whose random.py or torch.py would run in place of the real one.
    `puts_folder_back`: the path is as `python -m` makes it by the time of the call, which does with it what it likes.
    """
    lines = [
        "import sys",
        "here = sys.path.pop(0)",
        f"sys.path.append({_ROOT!r})",
        f"from {module} import {call.partition('(')[0]}",
        *(("sys.path.pop()", "sys.path.insert(0, here)") if puts_folder_back else ()),
        call,
    ]
    return "\n".join(lines)
