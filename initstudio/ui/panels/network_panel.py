"""The layer builder: the network's layers, one a row, and the whole block at once."""

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from initstudio import layer_edits
from initstudio.catalogue import Value
from initstudio.engine import plan
from initstudio.engine.network import NETWORK
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment, Path
from initstudio.layers import LAYERS
from initstudio.presets import NETWORKS
from initstudio.ui import layer_clipboard
from initstudio.ui.block_bar import BlockBar
from initstudio.ui.form import Note
from initstudio.ui.layer_form import LayerForm
from initstudio.ui.layer_list import LayerList
from initstudio.ui.layer_model import LayerModel, Row, rows_of, shape_text
from initstudio.ui.own_bar import OwnBar
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
        self._closed: set[Path] = set()
        self.list = LayerList(LayerModel())
        self.list.setAccessibleName("Layers")
        self.block = BlockBar()
        self.own = OwnBar()
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
        planned = plan.layers_of(experiment)
        rows = rows_of(experiment, planned, self._closed)
        self.list.layers.show_rows(rows)
        self.list.scheduleDelayedItemsLayout()
        self.block.show_network(experiment.network)
        self.own.show_layers(planned)
        parameters = sum(layer.parameters for layer in planned)
        count = sum(1 for _ in layer_edits.every_path(experiment.network))
        self.total.setText(
            f"{count} {'layer' if count == 1 else 'layers'}, {parameters:,} parameters"
        )
        self.input.setText(_input_text(experiment))
        own = [problem.why for problem in self.session.problems if problem.where == NETWORK]
        self.problem.show_text("\n".join(own))
        self._on_selection_changed()

    def _fill_menus(self) -> None:
        menu = self.add.menu()
        offered = {key: layer for key, layer in LAYERS.items() if not layer.opened}
        for group in dict.fromkeys(layer.group for layer in offered.values()):
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(group).setEnabled(False)
            for key, layer in offered.items():
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
        rows.add_action("Move into the block above", "Alt+Right", self._move_in)
        rows.add_action("Move out of the block", "Alt+Left", self._move_out)
        for key, layer in LAYERS.items():
            if layer.bodies:
                rows.add_action(f"Put into {layer.label}", None, partial(self._wrap, key))
        rows.add_action("Take out of its block", None, self._unwrap)
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
        column.addWidget(self.own)
        column.addWidget(self.problem)
        column.addWidget(self.total)
        column.addWidget(self.form)

    def _connect(self) -> None:
        self.list.rows_moved.connect(self._on_rows_moved)
        self.list.param_edited.connect(self._on_row_edited)
        self.list.block_toggled.connect(self._on_block_toggled)
        self.list.refused.connect(self.problem.show_text)
        self.list.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.form.changed.connect(self._on_form_changed)
        self.block.depth_changed.connect(self._on_depth_changed)
        self.block.width_changed.connect(self._on_width_changed)
        self.block.activation_changed.connect(self._on_activation_changed)
        self.session.experiment_changed.connect(self.show_experiment)

    def _edit(
        self,
        experiment: Experiment,
        text: str,
        merge: str = "",
        select: Collection[Path] | None = None,
    ) -> None:
        self.session.edit(experiment, text, merge)
        if select is not None:
            rows = self.list.layers.rows
            self.list.select_rows([at for at, row in enumerate(rows) if row.path in select])

    def _paths(self) -> list[Path]:
        return [row.path for row in self._rows()]

    def _rows(self) -> list[Row]:
        rows = self.list.layers.rows
        chosen = [rows[at] for at in self.list.rows() if at < len(rows)]
        return [row for row in chosen if not row.is_part]

    def _insert(self, layers: tuple[Choice, ...]) -> None:
        experiment = self.session.experiment
        chosen = self._rows()
        at = layer_edits.place_for_new(experiment.network, chosen[-1].path if chosen else None)
        if chosen and chosen[-1].is_block and not chosen[-1].choice.inside:
            at = (*chosen[-1].path, 0)  # an empty block is there to be filled
        new = layer_edits.insert_layers(experiment, at, layers)
        self._edit(new, f"Add {_names(layers)}", select=_following(at, len(layers)))

    def _use_preset(self, name: str) -> None:
        network = NETWORKS[name]
        new = layer_edits.set_network(self.session.experiment, network)
        self._edit(new, f"Use the network {name}", select=())

    def _show_add_menu(self) -> None:
        self.add.showMenu()

    def _duplicate(self) -> None:
        paths = self._paths()
        if paths:
            last = paths[-1]
            new = layer_edits.duplicate_layers(self.session.experiment, paths)
            text = f"Duplicate {_names(self._chosen())}"
            after = (*last[:-1], last[-1] + 1)
            self._edit(new, text, select=_following(after, len(paths)))

    def _delete(self, verb: str = "Delete") -> None:
        paths = self._paths()
        if paths:
            new = layer_edits.remove_layers(self.session.experiment, paths)
            first = paths[0]
            left = [path for path in layer_edits.every_path(new.network) if path <= first]
            text = f"{verb} {_names(self._chosen())}"
            self._edit(new, text, select=left[-1:])

    def _wrap(self, key: str) -> None:
        paths = self._paths()
        if paths:
            new = layer_edits.wrap_layers(self.session.experiment, paths, Choice(key))
            text = f"Put {_names(self._chosen())} into {LAYERS[key].label}"
            self._edit(new, text, select=[min(paths)])

    def _unwrap(self) -> None:
        chosen = [row for row in self._rows() if row.is_block]
        if chosen:
            count = len(chosen[0].choice.inside)
            new = layer_edits.unwrap_block(self.session.experiment, chosen[0].path)
            text = f"Take the layers out of {chosen[0].name}"
            self._edit(new, text, select=_following(chosen[0].path, count))

    def _move_in(self) -> None:
        paths = self._paths()
        if not paths or not paths[0][-1]:
            return
        network = self.session.experiment.network
        above = (*paths[0][:-1], paths[0][-1] - 1)
        block = layer_edits.layer_at(network, above)
        if block.key in LAYERS and LAYERS[block.key].bodies:
            self._closed.discard(above)
            self._move(paths, (*above, len(block.inside)))

    def _move_out(self) -> None:
        paths = self._paths()
        if paths and len(paths[0]) > 1:
            around = paths[0][:-1]
            self._move(paths, (*around[:-1], around[-1] + 1))

    def _move(self, paths: list[Path], to: Path) -> None:
        experiment = self.session.experiment
        places = layer_edits.places_after_move(experiment.network, paths, to)
        new = layer_edits.move_layers(experiment, paths, to)
        self._edit(new, f"Move {_names(self._chosen())}", select=places)

    def _chosen(self) -> tuple[Choice, ...]:
        return tuple(row.choice for row in self._rows())

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
        shown = self.list.layers.rows
        moved = [shown[row].path for row in rows if not shown[row].is_part]
        target = self._target(to, moved)
        if moved:
            self._move(moved, target)

    def _target(self, to: int, moved: list[Path]) -> Path:
        """Return where layers go that are put before a row; none can go among the parts of one."""
        shown = self.list.layers.rows
        network = self.session.experiment.network
        if to >= len(shown):
            return (len(network),)
        target, above = shown[to].path, shown[to - 1] if to else None
        if shown[to].is_part:
            own = target[:-1]
            if own in moved:  # past itself and the layer after it
                return (*own[:-1], min(own[-1] + 2, len(network)))
            return own if moved and min(moved) > own else (*own[:-1], own[-1] + 1)
        if above and above.is_block and not above.choice.inside:
            target = (*above.path, 0)
        return target

    def _on_block_toggled(self, row: int) -> None:
        self._closed ^= {self.list.layers.rows[row].path}
        self.show_experiment(self.session.experiment)

    def _on_row_edited(self, row: int, name: str, value: Value) -> None:
        self._set_param([self.list.layers.rows[row].path], name, value)

    def _on_form_changed(self, name: str, value: Value) -> None:
        self._set_param(self._paths(), name, value)

    def _set_param(self, paths: list[Path], name: str, value: Value) -> None:
        new = layer_edits.set_layer_param(self.session.experiment, paths, name, value)
        text = f"Change {name} of {_names(self._chosen())}"
        self._edit(new, text, f"layer.{name}.{paths}")

    def _on_selection_changed(self) -> None:
        self.form.show_layers([(row.number, row.choice) for row in self._rows()])

    def _on_depth_changed(self, depth: int) -> None:
        self._edit(layer_edits.set_depth(self.session.experiment, depth), "Change depth", "depth")

    def _on_width_changed(self, units: int) -> None:
        self._edit(layer_edits.set_width(self.session.experiment, units), "Change width", "width")

    def _on_activation_changed(self, key: str) -> None:
        new = layer_edits.set_activation(self.session.experiment, key, self.block.activations)
        self._edit(new, f"Use {LAYERS[key].label} throughout")


def _input_text(experiment: Experiment) -> str:
    if plan.data_problem(experiment):
        return "The data is not known"
    facts = plan.data_facts(experiment)
    what = "classes" if facts.task == "classes" else "values"
    kind = f" of {facts.tokens} tokens" if facts.tokens else ""
    return f"{shape_text(facts.shape)}{kind} → {shape_text(facts.answer)} {what}"


def _following(first: Path, count: int) -> list[Path]:
    """Return the path and those of the layers that follow it in its row."""
    return [(*first[:-1], first[-1] + at) for at in range(count)]


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
