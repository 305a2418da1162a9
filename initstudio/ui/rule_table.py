"""The rules of a contender that are for some layers only, and the scheme of the chosen one."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.catalogue import Role
from initstudio.engine.inspection import ROLES, rule_in_words
from initstudio.engine.network import PlannedLayer
from initstudio.experiment import Choice, Contender, Rule
from initstudio.schemes import SCHEMES
from initstudio.ui.entry_picker import EntryPicker
from initstudio.ui.reorder_list import Keys

LINE = 24
MOST_LINES = 6
START = Choice("zeros")
"""What a new rule starts tensors with, until another scheme is chosen."""


class RuleTable(QWidget):
    """Shows rules and asks for their edits; a rule is named by its number in the contender."""

    added = Signal(object)
    scheme_chosen = Signal(int, str)
    param_changed = Signal(int, str, object)
    removed = Signal(int)
    moved = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._rules: tuple[Rule, ...] = ()
        self._numbers: Sequence[int] = ()
        self._layers: Sequence[PlannedLayer] = ()
        self.add = QToolButton()
        self.add.setText("Add rule")
        self.add.setAccessibleName("Add rule")
        self.add.setToolTip("Start some tensors by another scheme; the last rule that fits wins")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setMenu(QMenu(self.add))
        self.add.menu().aboutToShow.connect(self.fill_menu)
        self.list = QListWidget()
        self.list.setAccessibleName("Rules")
        self.list.setToolTip("The last rule that fits a tensor wins. Delete removes one.")
        self.list.currentRowChanged.connect(self._show_scheme)
        self.picker = EntryPicker("Scheme", SCHEMES, name="Rule scheme")
        self.picker.entry_chosen.connect(self._on_scheme_chosen)
        self.picker.param_changed.connect(self._on_param_changed)
        self._make_actions()
        head = QHBoxLayout()
        label = QLabel("Rules for some layers")
        label.setBuddy(self.list)
        head.addWidget(label, 1)
        head.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.list)
        column.addWidget(self.picker)

    def show_rules(
        self, contender: Contender | None, numbers: Sequence[int], layers: Sequence[PlannedLayer]
    ) -> None:
        """Show the rules of these numbers; the chosen one stays chosen."""
        kept = self.number()
        grown = len(numbers) > len(self._numbers)
        self._rules = contender.rules if contender else ()
        self._numbers, self._layers = numbers, layers
        self.list.blockSignals(True)  # noqa: FBT003 - Qt's
        self.list.clear()
        for number in numbers:
            rule = self._rules[number]
            key = rule.scheme.key
            scheme = SCHEMES[key].label if key in SCHEMES else key
            self.list.addItem(QListWidgetItem(f"{rule_in_words(rule)}: {scheme}"))
        last = len(numbers) - 1
        at = numbers.index(kept) if kept in numbers and not grown else last
        self.list.setCurrentRow(at)
        self.list.blockSignals(False)  # noqa: FBT003 - Qt's
        self.list.setVisible(bool(numbers))
        self.list.setFixedHeight(LINE * min(max(len(numbers), 1), MOST_LINES) + 6)
        self._show_scheme(at)

    def number(self) -> int | None:
        """Return the number of the chosen rule, or None."""
        row = self.list.currentRow()
        return self._numbers[row] if 0 <= row < len(self._numbers) else None

    def fill_menu(self) -> None:
        """Offer each kind of layer and each layer that the network has, and a name."""
        menu = self.add.menu()
        menu.clear()
        for role in ROLES:
            of_role = [one for one in self._layers if any(t.role == role for t in one.tensors)]
            if not of_role:
                continue
            part = menu.addMenu(ROLES[role].capitalize())
            kinds = {one.layer.key: one.layer.label for one in of_role if one.layer}
            for key, label in kinds.items():
                rule = Rule(role=role, scheme=START, layer=key)
                part.addAction(f"Of every {label}", partial(self.added.emit, rule))
            part.addSeparator()
            for one in of_role:
                if not one.copy:
                    rule = Rule(role=role, scheme=START, position=one.path)
                    part.addAction(f"Of {one.label}", partial(self.added.emit, rule))
            part.addSeparator()
            part.addAction("By name...", partial(self._ask_name, role))

    def _ask_name(self, role: Role) -> None:
        name, fine = QInputDialog.getText(
            self, "Rule by name", "Name in named_parameters(); * stands for anything:"
        )
        if fine and name.strip():
            self.added.emit(Rule(role=role, scheme=START, parameter=name.strip()))

    def _make_actions(self) -> None:
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for text, keys, slot in (
            ("Move up", "Alt+Up", partial(self._move, -1)),
            ("Move down", "Alt+Down", partial(self._move, 1)),
            ("Delete", Qt.Key.Key_Delete, self._remove),
        ):
            self._add_action(text, keys, slot)

    def _add_action(self, text: str, keys: Keys, slot: "partial[None] | object") -> None:
        action = self.list.addAction(text)
        action.setShortcut(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)

    def _show_scheme(self, _row: int) -> None:
        number = self.number()
        self.picker.setVisible(number is not None)
        if number is not None:
            self.picker.show_choice(self._rules[number].scheme)

    def _move(self, by: int, *_checked: bool) -> None:
        if (number := self.number()) is not None:
            self.moved.emit(number, by)

    def _remove(self, *_checked: bool) -> None:
        if (number := self.number()) is not None:
            self.removed.emit(number)

    def _on_scheme_chosen(self, key: str) -> None:
        if (number := self.number()) is not None:
            self.scheme_chosen.emit(number, key)

    def _on_param_changed(self, name: str, value: object) -> None:
        if (number := self.number()) is not None:
            self.param_changed.emit(number, name, value)
