"""A script as the main module of this process: run as `python SCRIPT` and `python -m MODULE` run it."""

import io
import os
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType, TracebackType

__all__ = ["file_runner", "hide_our_frames", "module_runner"]


def file_runner(arguments: list[str]) -> Callable[[], object]:
    """Return what runs a file, with the names that Python gives its main module."""
    path = arguments[0]
    sys.argv[:] = arguments
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    name = path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
    module = _new_main()
    module.__dict__.update(__file__=name, __cached__=None, __loader__=SourceFileLoader("__main__", name))

    def run() -> None:
        exec(_code(name), module.__dict__)

    return run


def _code(path: str) -> CodeType:
    from pkgutil import read_code  # here, since a script rarely needs it itself

    try:
        with io.open_code(path) as file:
            code = read_code(file)  # of a compiled one
            if isinstance(code, CodeType):
                return code
            file.seek(0)
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
    return compile(source, path, "exec", dont_inherit=True)


def module_runner(name: str, arguments: list[str]) -> Callable[[], object]:
    """Return what runs a module as `python -m` does, by the function that does it there."""
    import runpy

    sys.argv[:] = ["-m", *arguments]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())
    _new_main()
    run_module: Callable[[str], object] = runpy._run_module_as_main  # type: ignore[attr-defined]
    return lambda: run_module(name)


def _new_main() -> ModuleType:
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = sys.modules["builtins"]
    module.__package__ = None
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    sys.modules["__main__"] = module
    return module


def hide_our_frames(error: BaseException, *files: str) -> None:
    """Have the traceback of an error begin in the script, whoever prints it; `files`: others of ours that ran it."""
    script = error.__traceback__
    while script is not None and script.tb_frame.f_code.co_filename in (__file__, *files):
        script = script.tb_next
    hook = getattr(sys, "excepthook", sys.__excepthook__)

    def print_it(kind: type[BaseException], found: BaseException, _: TracebackType | None) -> None:
        sys.excepthook = hook
        if found is error:
            found.__traceback__ = sys.last_traceback = script
        hook(kind, found, found.__traceback__)

    sys.excepthook = print_it
