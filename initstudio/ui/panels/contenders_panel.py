"""The contenders: which ways of starting the network are compared, and by which schemes."""

import re
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from initstudio import edits
from initstudio.catalogue import Entry, NoParams, Role, Value
from initstudio.engine import plan
from initstudio.engine.assignment import assign
from initstudio.engine.inspection import rule_in_words
from initstudio.engine.network import every
from initstudio.engine.traps import traps_of
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Contender, Experiment, Rule
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS
from initstudio.ui.contender_chips import ChipList, ContenderModel
from initstudio.ui.entry_picker import EntryPicker, Fact
from initstudio.ui.form import Note, below, title
from initstudio.ui.rule_table import RuleTable
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session

WHERE = "$.experiment.contenders"
ROLES: dict[Role, str] = {"weight": "Weights", "bias": "Biases"}
NONE = "none"
"""Stands for no tuning."""
REST: tuple[Role, ...] = ("scale", "shift", "slope")
"""Roles that have no picker of their own."""
TORCH = next((key for key, scheme in SCHEMES.items() if scheme.draw is None), "")
"""What starts a tensor that no rule names."""


class ContendersPanel(QWidget):
    """Chips to choose, hide, rename and reorder contenders; the schemes of the chosen one."""

    title = "Contenders"
    object_name = "contenders_panel"
    contender_chosen = Signal(int)
    """The slot of the contender whose schemes are shown."""
    inspect_asked = Signal()
    code_asked = Signal(str)
    """The init function of the contender of this name is wanted."""
    """What starts each tensor of it is to be seen."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(self.object_name)
        self.session = session
        self._slot = session.experiment.contenders[0].slot if session.experiment.contenders else -1
        model = ContenderModel()
        self.chips = ChipList(model)
        self.chips.setAccessibleName("Contenders")
        self.add = QToolButton()
        self.count = Fact()
        self.heading = title("")
        self.inspect = _button(
            "Inspect",
            "Inspect contender",
            "What starts each tensor, with its numbers, and whether it did",
        )
        self.inspect.clicked.connect(self.inspect_asked)
        self.code = _button(
            "Code", "Contender as code", "How this contender starts the network, as PyTorch code"
        )
        self.code.clicked.connect(self._on_code_asked)
        self.problem = Note()
        self.rules = RuleTable()
        self.pickers = {role: _picker(role, label) for role, label in ROLES.items()}
        self.tuning = _tuning_picker()
        self._make_add_menu()
        self._make_actions()
        self._lay_out(scrolling_column(self))
        model.rename_asked.connect(self._on_rename_asked)
        self.chips.rows_moved.connect(self._on_rows_moved)
        self.chips.eye_clicked.connect(self._toggle)
        self.chips.selectionModel().currentChanged.connect(self._on_current_changed)
        for role, picker in self.pickers.items():
            picker.entry_chosen.connect(partial(self._on_scheme_chosen, role))
            picker.param_changed.connect(partial(self._on_param_changed, role))
        self.rules.added.connect(self._on_rule_added)
        self.rules.scheme_chosen.connect(self._on_rule_scheme_chosen)
        self.rules.param_changed.connect(self._on_rule_param_changed)
        self.rules.removed.connect(self._on_rule_removed)
        self.rules.moved.connect(self._on_rule_moved)
        self.tuning.entry_chosen.connect(self._on_tuning_chosen)
        self.tuning.param_changed.connect(self._on_tuning_changed)
        session.experiment_changed.connect(self.show_experiment)
        self.show_experiment(session.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the contenders, and keep the chosen one chosen."""
        contenders = experiment.contenders
        numbers = (_number(problem) for problem in self.session.problems)
        troubled = frozenset(number for number in numbers if number is not None)
        at = min(self._at() or 0, len(contenders) - 1)
        kept = self._slot
        self.chips.contenders.show_contenders(contenders, troubled)
        slots = [contender.slot for contender in contenders]
        self.chips.select_rows([slots.index(kept) if kept in slots else at] if slots else [])
        self.chips.fit_height()
        self.count.show_text(f"{len(contenders)} of at most {MAX_CONTENDERS}")
        full = len(contenders) >= MAX_CONTENDERS
        self.add.setEnabled(not full)
        reason = f"There are {MAX_CONTENDERS} contenders already, and no more."
        self.add.setToolTip(reason if full else "Add a contender with this scheme")
        self._show_chosen()

    def _lay_out(self, column: QVBoxLayout) -> None:
        head = QHBoxLayout()
        head.addWidget(self.count, 1)
        head.addWidget(self.add)
        column.addLayout(head)
        column.addWidget(self.chips)
        column.addSpacing(4)
        name = QHBoxLayout()
        name.addWidget(self.heading, 1)
        name.addWidget(self.code)
        name.addWidget(self.inspect)
        column.addLayout(name)
        for widget in (self.problem, *self.pickers.values(), self.rules, self.tuning):
            column.addWidget(widget)
        column.addStretch()

    def _make_add_menu(self) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key, scheme in SCHEMES.items():
            if "weight" in scheme.roles:
                action = menu.addAction(scheme.label, partial(self._add, key))
                action.setToolTip(scheme.summary)
        self.add.setText("Add")
        self.add.setAccessibleName("Add contender")
        self.add.setMenu(menu)
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _make_actions(self) -> None:
        chips, keys = self.chips, QKeySequence.StandardKey
        chips.add_action("Rename", "F2", self._rename)
        chips.add_action("Duplicate", "Ctrl+D", self._duplicate)
        chips.add_action("Hide or show", Qt.Key.Key_Space, self._toggle_chosen)
        chips.add_action("Move left", "Alt+Left", partial(chips.move_selection, -1))
        chips.add_action("Move right", "Alt+Right", partial(chips.move_selection, 1))
        for key, by in (("Alt+Up", -1), ("Alt+Down", 1)):
            chips.add_action("", key, partial(chips.move_selection, by)).setVisible(False)
        chips.add_action("Delete", keys.Delete, self._delete)

    def _at(self) -> int | None:
        row = self.chips.row()
        return row if row is not None and row < len(self.session.experiment.contenders) else None

    def _show_chosen(self) -> None:
        at = self._at()
        contender = None if at is None else self.session.experiment.contenders[at]
        self.heading.setText(contender.name if contender else "No contender; add one.")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        for role, picker in self.pickers.items():
            picker.setVisible(contender is not None)
            picker.show_choice(_choice(contender, role) if contender else None)
            picker.show_trap(self._trap(contender, role) if contender else "")
        self.tuning.setVisible(contender is not None)
        self.tuning.show_choice((contender and contender.tuning) or Choice(NONE))
        for button in (self.inspect, self.code):
            button.setEnabled(contender is not None)
        if contender:
            self.contender_chosen.emit(contender.slot)
        self.rules.setVisible(contender is not None)
        others = edits.other_rules(contender) if contender else []
        layers = tuple(every(plan.layers_of(self.session.experiment)))
        self.rules.show_rules(contender, others, layers)
        self._show_problems(at, contender)

    def _trap(self, contender: Contender, role: Role) -> str:
        """Return what surprises people in a scheme, where it does so in this network."""
        experiment = self.session.experiment
        if plan.choice_problems(experiment):
            return ""
        rule = edits.general_rule(contender, role)
        layers = tuple(every(plan.layers_of(experiment)))
        bitten: dict[str, list[str]] = {}
        for one in assign(contender, layers):
            if one.tensor.role == role and (one.rule == rule or one.rule is None):
                for trap in () if one.refused else traps_of(one):
                    bitten.setdefault(trap, []).append(one.layer.label)
        return "\n".join(f"{trap} Here: {_some(labels)}." for trap, labels in bitten.items())

    def _show_problems(self, at: int | None, contender: Contender | None) -> None:
        problems, shown = self.session.problems, set()
        for role, picker in self.pickers.items():
            rule = edits.general_rule(contender, role) if contender else None
            where = f"{WHERE}[{at}].rules[{rule}].scheme"
            whole, params = below(problems, where), below(problems, f"{where}.params")
            why = whole.get("") or whole.get("key") or params.get("", "")
            picker.show_problems(why, params)
            shown |= {p.where for p in problems if p.where.startswith(where)}
        where = f"{WHERE}[{at}].tuning"
        params = below(problems, f"{where}.params")
        self.tuning.show_problems(below(problems, where).get("", ""), params)
        shown |= {p.where for p in problems if p.where.startswith(where)}
        rest = [p.why for p in problems if _number(p) == at and p.where not in shown]
        whole_list = [p.why for p in problems if p.where == WHERE]
        self.problem.show_text("\n".join(whole_list + (rest if at is not None else [])))

    def _edit(self, experiment: Experiment, text: str, merge: str = "") -> None:
        self.session.edit(experiment, text, merge)

    def _add(self, key: str) -> None:
        label, experiment = SCHEMES[key].label, self.session.experiment
        whole = SCHEMES[key].whole
        bias = Choice(key if whole or key == TORCH else "zeros")
        new = edits.add_contender(experiment, label, Choice(key), bias)
        for role in REST if whole else ():
            rule = Rule(role=role, scheme=Choice(key))
            new = edits.add_rule(new, len(new.contenders) - 1, rule)
        self._slot = new.contenders[-1].slot
        self._edit(new, f"Add {label}")

    def _duplicate(self) -> None:
        at, experiment = self._at(), self.session.experiment
        if at is None:
            return
        try:
            new = edits.duplicate_contender(experiment, at)
        except ExperimentError as error:
            self.session.failed.emit(error.where, error.why)
            return
        self._slot = new.contenders[at + 1].slot
        self._edit(new, f"Duplicate {experiment.contenders[at].name}")

    def _delete(self) -> None:
        at, experiment = self._at(), self.session.experiment
        if at is not None:
            name = experiment.contenders[at].name
            self._edit(edits.remove_contenders(experiment, [at]), f"Delete {name}")

    def _rename(self) -> None:
        if self._at() is not None:
            self.chips.edit(self.chips.currentIndex())

    def _toggle(self, at: int) -> None:
        experiment = self.session.experiment
        one = experiment.contenders[at]
        new = edits.set_hidden(experiment, at, hidden=not one.hidden)
        self._edit(new, f"{'Show' if one.hidden else 'Hide'} {one.name}")

    def _toggle_chosen(self) -> None:
        at = self._at()
        if at is not None:
            self._toggle(at)

    def _on_rename_asked(self, at: int, name: str) -> None:
        new = edits.rename_contender(self.session.experiment, at, name)
        self._edit(new, f"Rename to {new.contenders[at].name}")

    def _on_rows_moved(self, rows: list[int], to: int) -> None:
        self._edit(edits.move_contenders(self.session.experiment, rows, to), "Move contender")

    def _on_current_changed(self) -> None:
        at = self._at()
        if (
            at is not None
            and self.chips.contenders.contenders == self.session.experiment.contenders
        ):
            self._slot = self.session.experiment.contenders[at].slot
            self._show_chosen()

    def _on_scheme_chosen(self, role: Role, key: str) -> None:
        at, experiment = self._at(), self.session.experiment
        if at is not None:
            scheme = SCHEMES[key]
            choice = edits.rechosen(_choice(experiment.contenders[at], role), scheme)
            new = edits.set_scheme(experiment, at, role, choice)
            self._edit(new, f"Start {ROLES[role].lower()} with {scheme.label}")

    def _on_rule_added(self, rule: Rule) -> None:
        if (at := self._at()) is not None:
            new = edits.add_rule(self.session.experiment, at, rule)
            self._edit(new, f"Add rule: {rule_in_words(rule)}")

    def _on_rule_scheme_chosen(self, number: int, key: str) -> None:
        if (at := self._at()) is not None:
            old = self.session.experiment.contenders[at].rules[number].scheme
            choice = edits.rechosen(old, SCHEMES[key])
            new = edits.set_rule_scheme(self.session.experiment, at, number, choice)
            self._edit(new, f"Start them with {SCHEMES[key].label}")

    def _on_rule_param_changed(self, number: int, name: str, value: Value) -> None:
        if (at := self._at()) is not None:
            one = self.session.experiment.contenders[at]
            choice = edits.with_param(one.rules[number].scheme, name, value)
            new = edits.set_rule_scheme(self.session.experiment, at, number, choice)
            self._edit(new, f"Change {name} of a rule", f"{one.slot}.{number}.{choice.key}.{name}")

    def _on_rule_removed(self, number: int) -> None:
        if (at := self._at()) is not None:
            self._edit(edits.remove_rule(self.session.experiment, at, number), "Delete rule")

    def _on_rule_moved(self, number: int, by: int) -> None:
        if (at := self._at()) is not None:
            self._edit(edits.move_rule(self.session.experiment, at, number, by), "Move rule")

    def _on_code_asked(self) -> None:
        if (at := self._at()) is not None:
            self.code_asked.emit(self.session.experiment.contenders[at].name)

    def _on_tuning_chosen(self, key: str) -> None:
        at, experiment = self._at(), self.session.experiment
        if at is not None:
            tuning = None if key == NONE else Choice(key)
            name = TUNINGS[key].label if tuning else "no tuning"
            self._edit(edits.set_tuning(experiment, at, tuning), f"Start with {name}")

    def _on_tuning_changed(self, name: str, value: Value) -> None:
        at, experiment = self._at(), self.session.experiment
        tuning = None if at is None else experiment.contenders[at].tuning
        if at is not None and tuning is not None:
            changed = edits.with_param(tuning, name, value)
            if changed == tuning:  # it was only trusted
                self.session.recheck()
            new = edits.set_tuning(experiment, at, changed)
            slot = experiment.contenders[at].slot
            self._edit(new, f"Change {name} of the tuning", f"{slot}.{tuning.key}.{name}")

    def _on_param_changed(self, role: Role, name: str, value: Value) -> None:
        at, experiment = self._at(), self.session.experiment
        if at is not None:
            one = experiment.contenders[at]
            choice = edits.with_param(_choice(one, role), name, value)
            new = edits.set_scheme(experiment, at, role, choice)
            self._edit(
                new, f"Change {name} of {one.name}", f"{one.slot}.{role}.{choice.key}.{name}"
            )


def _button(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    return button


def _some(labels: list[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")


def _tuning_picker() -> EntryPicker:
    nothing = Entry(
        key=NONE,
        label="None",
        summary="The network starts as its tensors were drawn.",
        params=NoParams,
    )
    picker = EntryPicker("Tuning", {NONE: nothing, **TUNINGS})
    picker.box.setToolTip("A second step that looks at the first batch of real data.")
    return picker


def _picker(role: Role, label: str) -> EntryPicker:
    schemes = {key: scheme for key, scheme in SCHEMES.items() if role in scheme.roles}
    return EntryPicker(label, schemes)


def _choice(contender: Contender, role: Role) -> Choice:
    rule = edits.general_rule(contender, role)
    return Choice(TORCH) if rule is None else contender.rules[rule].scheme


def _number(problem: ExperimentError) -> int | None:
    found = re.match(re.escape(WHERE) + r"\[(\d+)\]", problem.where)
    return int(found[1]) if found else None
