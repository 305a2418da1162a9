"""The layer builder: the network's layers, one a row, and the whole block at once."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from initstudio import edits
from initstudio.catalogue import Value
from initstudio.engine import plan
from initstudio.engine.plan import PlannedLayer
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment
from initstudio.layers import LAYERS
from initstudio.presets import NETWORKS
from initstudio.ui import layer_clipboard
from initstudio.ui.block_bar import BlockBar
from initstudio.ui.form import Note
from initstudio.ui.layer_form import LayerForm
from initstudio.ui.layer_list import LayerList
from initstudio.ui.layer_model import LayerModel, row_of, shape_text
from initstudio.ui.scroll_panel import MARGIN
from initstudio.ui.session import Session


class NetworkPanel(QWidget):
    """Layers to add, remove, duplicate, reorder and edit, with shapes and counts."""

    title = "Network"
    object_name = "network_panel"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(self.object_name)
        self.setMinimumWidth(340)
        self.session = session
        self.list = LayerList(LayerModel())
        self.list.setAccessibleName("Layers")
        self.block = BlockBar()
        self.form = LayerForm()
        self.input, self.total = QLabel(), QLabel()
        self.problem = Note()
        self.add = _menu_button("Add", "Add layer", "Add a layer after the selected one (Insert)")
        self.presets = _menu_button("Presets", "Network presets", "Start from a known network")
        self._fill_menus()
        self._make_actions()
        self._lay_out()
        self._connect()
        self.show_experiment(session.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the network of this experiment, also where it cannot run."""
        planned = _planned(experiment)
        rows = tuple(map(row_of, experiment.network, planned))
        self.list.layers.show_rows(rows)
        self.list.scheduleDelayedItemsLayout()
        self.block.show_network(experiment.network)
        parameters = sum(layer.parameters for layer in planned)
        count = len(planned)
        self.total.setText(
            f"{count} {'layer' if count == 1 else 'layers'}, {parameters:,} parameters"
        )
        self.input.setText(_input_text(experiment))
        where = f"{plan.ROOT}.network"
        own = [problem.why for problem in self.session.problems if problem.where == where]
        self.problem.show_text("\n".join(own))
        self._on_selection_changed()

    def _fill_menus(self) -> None:
        menu, groups = self.add.menu(), dict.fromkeys(layer.group for layer in LAYERS.values())
        for group in groups:
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(group).setEnabled(False)
            for key, layer in LAYERS.items():
                if layer.group == group:
                    action = menu.addAction(layer.label, partial(self._insert, (Choice(key),)))
                    action.setToolTip(layer.summary)
        for name in NETWORKS:
            self.presets.menu().addAction(name, partial(self._use_preset, name))

    def _make_actions(self) -> None:
        keys, rows = QKeySequence.StandardKey, self.list
        rows.add_action("Add...", Qt.Key.Key_Insert, self._show_add_menu)
        rows.add_action("Duplicate", "Ctrl+D", self._duplicate)
        rows.add_action("Move up", "Alt+Up", partial(rows.move_selection, -1))
        rows.add_action("Move down", "Alt+Down", partial(rows.move_selection, 1))
        rows.add_action("Cut", keys.Cut, self._cut)
        rows.add_action("Copy", keys.Copy, self._copy)
        rows.add_action("Paste", keys.Paste, self._paste)
        rows.add_action("Delete", keys.Delete, self._delete)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.input, 1)
        head.addWidget(self.presets)
        head.addWidget(self.add)
        self.input.setProperty("kind", "muted")
        self.input.setToolTip("What comes in, and what must come out: the data decides.")
        self.total.setProperty("kind", "muted")
        self.total.setAccessibleName("Network: total")
        column.addLayout(head)
        column.addWidget(self.block)
        column.addWidget(self.list, 1)
        column.addWidget(self.problem)
        column.addWidget(self.total)
        column.addWidget(self.form)

    def _connect(self) -> None:
        self.list.rows_moved.connect(self._on_rows_moved)
        self.list.param_edited.connect(self._on_row_edited)
        self.list.refused.connect(self.problem.show_text)
        self.list.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.form.changed.connect(self._on_form_changed)
        self.block.depth_changed.connect(self._on_depth_changed)
        self.block.width_changed.connect(self._on_width_changed)
        self.block.activation_changed.connect(self._on_activation_changed)
        self.session.experiment_changed.connect(self.show_experiment)

    def _edit(
        self, experiment: Experiment, text: str, merge: str = "", select: range | None = None
    ) -> None:
        self.session.edit(experiment, text, merge)
        if select is not None:
            self.list.select_rows(list(select))

    def _insert(self, layers: tuple[Choice, ...]) -> None:
        experiment = self.session.experiment
        rows = self.list.rows()
        at = edits.place_for_new(experiment.network, rows[-1] if rows else None)
        new = edits.insert_layers(experiment, at, layers)
        self._edit(new, f"Add {_names(layers)}", select=range(at, at + len(layers)))

    def _use_preset(self, name: str) -> None:
        network = NETWORKS[name]
        new = edits.set_network(self.session.experiment, network)
        self._edit(new, f"Use the network {name}", select=range(0))

    def _show_add_menu(self) -> None:
        self.add.showMenu()

    def _duplicate(self) -> None:
        rows = self.list.rows()
        if rows:
            at = rows[-1] + 1
            new = edits.duplicate_layers(self.session.experiment, rows)
            text = f"Duplicate {_names(self._chosen())}"
            self._edit(new, text, select=range(at, at + len(rows)))

    def _delete(self, verb: str = "Delete") -> None:
        rows = self.list.rows()
        if rows:
            new = edits.remove_layers(self.session.experiment, rows)
            at = min(rows[0], len(new.network) - 1)
            text = f"{verb} {_names(self._chosen())}"
            self._edit(new, text, select=range(max(at, 0), at + 1))

    def _chosen(self) -> tuple[Choice, ...]:
        return tuple(self.session.experiment.network[row] for row in self.list.rows())

    def _copy(self) -> None:
        if self.list.rows():
            layer_clipboard.copy(self._chosen())

    def _cut(self) -> None:
        self._copy()
        self._delete("Cut")

    def _paste(self) -> None:
        try:
            layers = layer_clipboard.paste()
        except ExperimentError as error:
            self.session.failed.emit(error.where, error.why)
            return
        self._insert(layers)

    def _on_rows_moved(self, rows: list[int], to: int) -> None:
        text = f"Move {_names(self._chosen())}"
        start = to - sum(row < to for row in rows)
        new = edits.move_layers(self.session.experiment, rows, to)
        self._edit(new, text, select=range(start, start + len(rows)))

    def _on_row_edited(self, row: int, name: str, value: Value) -> None:
        self._set_param([row], name, value)

    def _on_form_changed(self, name: str, value: Value) -> None:
        self._set_param(self.list.rows(), name, value)

    def _set_param(self, rows: list[int], name: str, value: Value) -> None:
        new = edits.set_layer_param(self.session.experiment, rows, name, value)
        self._edit(new, f"Change {name} of {_names(self._chosen())}", f"layer.{name}.{rows}")

    def _on_selection_changed(self) -> None:
        rows = [
            self.list.layers.rows[at] for at in self.list.rows() if at < len(self.list.layers.rows)
        ]
        self.form.show_layers([(row.planned.index, row.choice) for row in rows])

    def _on_depth_changed(self, depth: int) -> None:
        self._edit(edits.set_depth(self.session.experiment, depth), "Change depth", "depth")

    def _on_width_changed(self, units: int) -> None:
        self._edit(edits.set_width(self.session.experiment, units), "Change width", "width")

    def _on_activation_changed(self, key: str) -> None:
        new = edits.set_activation(self.session.experiment, key, self.block.activations)
        self._edit(new, f"Use {LAYERS[key].label} throughout")


def _planned(experiment: Experiment) -> tuple[PlannedLayer, ...]:
    """Return the layers in their places; without shapes where the data is not known."""
    where = f"{plan.ROOT}.data"
    if not any(p.where.startswith(where) for p in plan.choice_problems(experiment)):
        return plan.network_layers(experiment)
    return tuple(
        PlannedLayer(
            index=index,
            label=f"{index + 1} {choice.key}",
            layer=LAYERS.get(choice.key),
            params=None,
            shape_in=None,
            shape_out=None,
            tensors=(),
            problem=None,
        )
        for index, choice in enumerate(experiment.network)
    )


def _input_text(experiment: Experiment) -> str:
    where = f"{plan.ROOT}.data"
    if any(p.where.startswith(where) for p in plan.choice_problems(experiment)):
        return "The data is not known"
    facts = plan.data_facts(experiment)
    return f"{shape_text(facts.shape)} → {facts.classes} classes"


def _names(layers: tuple[Choice, ...]) -> str:
    if len(layers) == 1:
        key = layers[0].key
        return LAYERS[key].label if key in LAYERS else key
    return f"{len(layers)} layers"


def _menu_button(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    button.setMenu(menu)
    return button
