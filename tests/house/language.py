"""Hold the language of the house: docstrings begin with a verb, and some turns of phrase are not used.

python -m tests.house.language [ROOM]    list what is found, such as in `engine/session`; all rooms without one
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.manual import PAGES, README, ROOT

__all__ = ["VERBS", "Finding", "in_code", "in_text", "rooms"]

PACKAGE = ROOT / "rnn_tui"
VERBS = frozenset(
    """
    Abandon Accept Accumulate Acknowledge Adapt Add Adjust Advance Align Allocate Allow Announce Answer Append
    Apply Arrange Ask Assemble Assert Assign Attach Await Balance Begin Bind Blend Block Bound Bring Buffer Build
    Cache Calculate Call Cancel Carry Catch Center Centre Change Check Choose Clamp Clear Clip Close Collapse
    Collect Color Colour Combine Come Compare Complain Complete Compose Compress Compute Confirm Connect Consume
    Continue Convert Copy Correct Count Cover Create Cut Cycle Deal Decide Declare Decode Decorate Defer Define
    Delay Delete Deliver Derive Describe Deserialize Detach Detect Determine Discard Disconnect Dismiss Dispatch
    Display Divide Do Download Drain Draw Drive Drop Dump Edit Embed Empty Enable Encode End Enlarge Ensure Enter
    Erase Escape Estimate Evaluate Exchange Exclude Execute Exit Expand Explain Export Extend Extract Fail Feed
    Fetch Fill Filter Find Finish Fit Fix Flatten Flush Focus Fold Follow Force Forecast Forget Fork Format
    Forward Free Freeze Gather Generate Get Give Go Group Grow Guard Guess Handle Hang Have Hear Hide Highlight
    Hold Identify Ignore Import Include Increase Indent Infer Initialise Initialize Insert Inspect Install
    Interpolate Interpret Interrupt Invert Invoke Iterate Join Judge Jump Keep Know Label Launch Lay Learn Leave
    Let Limit Link List Listen Load Locate Lock Log Look Lower Make Map Mark Match Measure Merge Mirror Mix Mount
    Move Name Normalise Normalize Note Notice Notify Number Obey Offer Omit Open Order Overwrite Pack Pad Page
    Paint Parse Pass Pause Perform Pick Place Plan Play Point Poll Pop Postpone Predict Prefer Prepare Print
    Produce Propose Prune Pull Push Put Queue Quote Raise Reach Read Rebuild Recall Receive Recompute Record
    Redraw Reduce Refer Refresh Refuse Register Reject Release Reload Remember Remind Remove Rename Render Reopen
    Repaint Repeat Replace Reply Report Request Require Reserve Reset Resize Resolve Respond Restart Restore
    Resume Retain Retry Return Reverse Revert Review Rewind Rewrite Round Route Run Sample Save Say Scale Schedule
    Scroll Search Seed Select Send Separate Serialize Serve Set Settle Shade Share Shift Shorten Show Shrink Shut
    Silence Simulate Skip Sleep Slice Smooth Snap Sort Spell Split Spread Squeeze Stack Stamp Stand Standardise Start
    State Stay Step Stop Store Stretch Strip Submit Subscribe Substitute Sum Summarise Summarize Suspend Swap
    Sweep Switch Take Tell Terminate Test Tidy Time Toggle Trace Track Train Transform Translate Transpose Treat
    Trim Truncate Try Turn Type Undo Unfold Unpack Unroll Update Use Validate Verify View Visit Wait Wake Walk
    Warm Warn Watch Weigh Widen Wrap Write Yield Zoom
    """.split()  # noqa: SIM905 - a list of a word a line would be longer than the rest
)

_PHRASES = {  # in docstrings, comments, messages and pages
    r"(?:^|[.:;] )Who (?![^.]*\?)": 'a "who" without the person before it',
    r"\b[Nn]othing, (?:where|if|when)\b": '"Nothing, where"',
    r"\bis told\b": '"is told"',
    r"\bthat of\b": '"that of"',
}
_IN_MESSAGES = {  # in what people read while they use the program, besides
    r"\b(?:network|it|what|which) says?\b": '"says" for predicts',
    r"\bsaid\b": '"said" for predicted',
    r"\bbehind\b": '"behind" for after',
}
_EQUATION = re.compile(r"\S+ = ")  # h_t = …: says what a function computes better than words


@dataclass(frozen=True)
class Finding:
    """A place, and what is wrong with its language."""

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


def rooms() -> list[str]:
    """Return the folders of the package that hold modules, as paths inside it."""
    found = {file.parent.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py")}
    return sorted(found)


def in_code(room: str) -> Iterator[Finding]:
    """Yield what is found in the modules of a room, without its inner rooms."""
    for file in sorted((PACKAGE / room).glob("*.py")):
        name, text = file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
        tree = ast.parse(text)
        docstrings = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node)
                if docstring is None:
                    continue
                body = node.body[0]
                assert isinstance(body, ast.Expr)
                docstrings.add(body.value)
                if not isinstance(node, ast.Module | ast.ClassDef) and not _is_noun(node):
                    first = docstring.split()[0].rstrip(".,:;")
                    if first not in VERBS and not _EQUATION.match(docstring):
                        yield Finding(name, body.lineno, f'the docstring of {node.name} begins with "{first}"')
                yield from _phrases(name, body.lineno, " ".join(docstring.split()), _PHRASES)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in docstrings:
                continue
            if " " in node.value.strip():  # a single word may be a name, as in messages of an older version
                yield from _phrases(name, node.lineno, node.value, _PHRASES | _IN_MESSAGES)
        for number, line in enumerate(text.split("\n"), 1):
            _, mark, comment = line.partition("  # ") if not line.lstrip().startswith("# ") else line.partition("# ")
            if mark:
                yield from _phrases(name, number, comment, _PHRASES)


def in_text(name: str, text: str) -> Iterator[Finding]:
    """Yield what is found in a page; blocks of code are passed over."""
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        is_code ^= line.lstrip().startswith("```")
        if not is_code:
            yield from _phrases(name, number, line, _PHRASES | _IN_MESSAGES)


def _is_noun(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether it is a property, which is named like a thing."""
    names = [each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in node.decorator_list]
    return bool({"property", "cached_property", "setter"} & set(names))


def _phrases(name: str, line: int, text: str, phrases: dict[str, str]) -> Iterator[Finding]:
    for pattern, problem in phrases.items():
        if found := re.search(pattern, text):
            around = text[max(0, found.start() - 20) : found.end() + 20]
            yield Finding(name, line, f"{problem}: … {around} …")


def main() -> None:
    """List what is found."""
    wanted = sys.argv[1:] or rooms()
    found = [finding for room in wanted for finding in in_code(room)]
    if not sys.argv[1:]:
        pages = {"README.md": README, **{f"rnn_tui/manual/{topic}.md": page for topic, page in PAGES.items()}}
        found += [finding for name, text in pages.items() for finding in in_text(name, text)]
    print(*found, sep="\n")
    for room in wanted:
        print(f"{room}: {len(list(in_code(room)))}", file=sys.stderr)


if __name__ == "__main__":
    main()
