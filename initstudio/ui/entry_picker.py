"""A choice from a catalogue: which entry, its parameters, its formula and where it comes from."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from initstudio.catalogue import Entry
from initstudio.experiment import Choice
from initstudio.ui.fields import ChoiceBox
from initstudio.ui.form import GAP, Form, Note, label_width


class EntryPicker(QWidget):
    """Shows one Choice of a catalogue; tells of another key and of a changed parameter."""

    entry_chosen = Signal(object)
    param_changed = Signal(str, object)

    def __init__(
        self,
        label: str,
        entries: Mapping[str, Entry[Any]],
        *,
        name: str = "",
    ) -> None:
        super().__init__()
        self.name = name or label
        self.entries = entries
        self.form: Form | None = None
        self._forms: dict[str, Form] = {}
        self.box = ChoiceBox(tuple((key, entry.label) for key, entry in entries.items()))
        self.box.setAccessibleName(self.name)
        for at, entry in enumerate(entries.values()):
            self.box.setItemData(at, entry.summary, Qt.ItemDataRole.ToolTipRole)
        self.box.edited.connect(self.entry_chosen)
        self._problem = Note()
        self._formula = Fact()
        self._trap = Note("warning")
        self._source = Fact()
        self._lay_out(label)

    def show_choice(self, choice: Choice | None) -> None:
        """Show an entry and its values; one that the catalogue lacks, or None, as no entry."""
        entry = None if choice is None else self.entries.get(choice.key)
        self.box.show_value(None if entry is None else entry.key)
        self.box.setToolTip(entry.summary if entry else "Choose one.")
        self._show_form(entry)
        if self.form and choice:
            self.form.show_values(choice.params)
        self._formula.show_text(getattr(entry, "formula", ""))
        self._source.show_text(entry.source if entry else "")

    def show_trap(self, text: str) -> None:
        """Show what surprises people in the entry, where it does."""
        self._trap.show_text(text)

    def show_problems(self, whole: str, params: Mapping[str, str]) -> None:
        """Show what is wrong with the choice as a whole, and with its parameters by name."""
        self._problem.show_text(whole)
        if self.form:
            self.form.show_problems(params)

    def _lay_out(self, text: str) -> None:
        label = QLabel(text)
        label.setBuddy(self.box)
        head = QGridLayout()
        head.setHorizontalSpacing(GAP)
        head.setColumnMinimumWidth(0, label_width(self))
        head.setColumnStretch(1, 1)
        head.addWidget(label, 0, 0)
        head.addWidget(self.box, 0, 1)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self._rows.addLayout(head)
        for widget in (self._problem, self._formula, self._trap, self._source):
            self._rows.addWidget(widget)

    def _show_form(self, entry: Entry[Any] | None) -> None:
        wanted = self._form_of(entry) if entry else None
        if wanted is self.form:
            return
        if self.form:
            self.form.hide()
        self.form = wanted
        if wanted:
            wanted.setVisible(bool(wanted.params))

    def _form_of(self, entry: Entry[Any]) -> Form:
        """Return the entry's form, kept from the last time, so that nothing flickers."""
        if entry.key not in self._forms:
            form = Form(entry.params, self.name, parent=self, sliders=True)
            form.changed.connect(self.param_changed)
            self._rows.insertWidget(1, form)
            self._forms[entry.key] = form
        return self._forms[entry.key]


class Fact(QLabel):
    """A small muted text that wraps and can be copied; hidden while empty."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "muted")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show the text; "" hides it."""
        if text != self.text():
            self.setText(text)
        self.setVisible(bool(text))
