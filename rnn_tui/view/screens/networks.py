"""The networks on `M`: the recurrent networks of a script that is watched, as a tree of their names in the model."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.screens.dialog import Dialog

__all__ = ["NetworksScreen", "network_name"]


def network_name(name: str) -> str:
    """Return the name of a network in its model, safe to print; the model itself has none."""
    return safe(name) or "(the model itself)"


class NetworksScreen(Dialog[int]):
    """Choose which recurrent network is shown; None: the one that was."""

    AUTO_FOCUS = "#networks-tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,M,q", "leave", "close", tooltip="Go on with the network that is shown"),
    ]
    DEFAULT_CSS = """
    #networks-tree {
        height: auto; max-height: 40vh; background: $surface; padding: 0; margin: 1 0 0 0;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
        scrollbar-background: $surface; scrollbar-color: $foreground 30%;
        & > .tree--guides, & > .tree--guides-hover, & > .tree--guides-selected { color: $foreground 30%; }
        & > .tree--cursor, &:focus > .tree--cursor {
            color: $foreground; background: $primary 30%; text-style: bold;
        }
        & > .tree--highlight-line, & > .tree--highlight { background: $surface; text-style: none; }
    }
    #networks-notes { height: auto; max-height: 30vh; margin: 1 0 0 0; scrollbar-size-vertical: 1; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        """Show what there is to choose from, and what cannot be seen."""
        names = self._subject.networks
        with Vertical(id="networks", classes="dialog") as dialog:
            dialog.border_title = "Recurrent networks"
            choose = "↑ ↓ choose · enter show · " if len(names) > 1 else ""
            dialog.border_subtitle = f"{choose}esc close"
            yield Static(self._summary(), markup=False)
            if len(names) > 1:
                yield self._tree()
            if self._subject.notes:
                with VerticalScroll(id="networks-notes", can_focus=False):
                    yield Static("\n".join(f"• {safe(note)}" for note in self._subject.notes), markup=False)

    def _summary(self) -> str:
        names, script = self._subject.networks, safe(self._subject.script)
        if not names:
            return f"No recurrent network of {script} has been called yet."
        if len(names) == 1:
            facts = f" ({safe(self._subject.network_facts)})" if self._subject.network_facts else ""
            return f"{script} has one recurrent network: {network_name(names[0])}{facts}."
        return f"{script} has {counted(len(names), 'recurrent network')}; this view shows one of them."

    def _tree(self) -> "Tree[int]":
        tree: Tree[int] = Tree("", id="networks-tree")
        tree.show_root = False
        tree.guide_depth = 3
        tree.auto_expand = False
        places: dict[str, TreeNode[int]] = {"": tree.root}
        for number, name in enumerate(self._subject.networks):
            if not name:
                tree.root.add_leaf(self._label(network_name(name), number), number)
                continue
            place, parts = "", name.split(".")
            for at, part in enumerate(parts):
                above, place = places[place], ".".join(parts[: at + 1])
                if place not in places:
                    places[place] = above.add(Text(safe(part)), expand=True, allow_expand=False)
            places[place].data = number
            places[place].set_label(self._label(safe(parts[-1]), number))
        return tree

    def _label(self, name: str, number: int) -> Text:
        """Return a network's line: the one that is shown bears a mark and the words for its size."""
        if number != self._subject.network:
            return Text(name)
        facts = f" · {safe(self._subject.network_facts)}" if self._subject.network_facts else ""
        return Text(f"{name}  ◀ shown{facts}")

    def on_mount(self) -> None:
        """Put the cursor on the network that is shown."""
        for tree in self.query(Tree):
            self.call_after_refresh(self._to_shown, tree)

    def _to_shown(self, tree: "Tree[int]") -> None:
        stack = [tree.root]
        while stack:
            node = stack.pop()
            if node.data == self._subject.network and node is not tree.root:
                tree.move_cursor(node)
                return
            stack += node.children

    @on(Tree.NodeSelected)
    def _chosen(self, event: "Tree.NodeSelected[int]") -> None:
        if event.node.data is not None:
            self.leave(event.node.data)

    def action_leave(self) -> None:
        """Close."""
        self.leave()
