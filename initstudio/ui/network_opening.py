"""Opening a person's own network: from a file, again for other data, or trusted for a run."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from initstudio import layer_edits
from initstudio.described import MOST_CODE, decoded
from initstudio.engine import plan
from initstudio.engine.network import PlannedLayer, every
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice
from initstudio.experiment import Path as Place
from initstudio.ui.session import Session

if TYPE_CHECKING:
    from initstudio.ui.code_view import TrustDialog
    from initstudio.ui.network_dialog import NetworkDialog

FILTER = "Python (*.py);;All files (*)"


class NetworkOpening(QObject):
    """Asks for files and shows the dialogues; `dialog` is the one that is open."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self.dialog: NetworkDialog | TrustDialog | None = None

    def ask(self, place: Place | None = None) -> None:
        """Ask for a file, and open it in that place, or instead of the whole network."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a network", "", FILTER)
        if name:
            self.open(Path(name), place)

    def open(self, path: Path, place: Place | None = None) -> None:
        """Open a file in that place, or instead of the whole network."""
        try:
            with path.open("rb") as file:
                code = decoded(file.read(MOST_CODE + 1), path.name)
        except OSError as error:
            why = f"It could not be opened: {error.strerror or error}."
            self._session.failed.emit(str(path), why)
        except ExperimentError as error:
            self._session.failed.emit(error.where, error.why)
        else:
            self._read(code, "", path.name, place)

    def again(self, place: Place) -> None:
        """Read the network of that place again, for what comes in there now."""
        params = layer_edits.layer_at(self._session.experiment.network, place).params
        self._read(str(params.get("code", "")), str(params.get("factory", "")), "", place)

    def trust(self, place: Place) -> None:
        """Show the code of that place, and run it if it is trusted."""
        params = layer_edits.layer_at(self._session.experiment.network, place).params
        from initstudio.ui.code_view import TrustDialog  # noqa: PLC0415 - not at the start

        dialog = TrustDialog(str(params.get("code", "")), self._window)
        dialog.accepted.connect(self._on_trusted)
        self._show(dialog)

    def _read(self, code: str, factory: str, name: str, place: Place | None) -> None:
        shape, tokens = self._incoming(place)
        if not shape:
            where = name or "network"
            self._session.failed.emit(where, "The data is not known, and a network is read for it.")
            return
        from initstudio.ui.network_dialog import (  # noqa: PLC0415 - not at the start
            Asked,
            NetworkDialog,
        )

        asked = Asked(code=code, shape=shape, tokens=tokens, factory=factory, name=name)
        dialog = NetworkDialog(asked, self._window)
        dialog.accepted.connect(lambda: self._use(dialog.choice, place))
        self._show(dialog)

    def _show(self, dialog: "NetworkDialog | TrustDialog") -> None:
        if self.dialog:
            self.dialog.reject()
        self.dialog = dialog
        dialog.finished.connect(lambda: self._on_closed(dialog))
        dialog.open()

    def _incoming(self, place: Place | None) -> tuple[tuple[int, ...], int]:
        """Return the shape of an example that comes in there, and its vocabulary's size."""
        experiment = self._session.experiment
        if plan.data_problem(experiment):
            return (), 0
        if place is None:
            facts = plan.data_facts(experiment)
            return facts.shape, facts.tokens
        found = [one for one in every(plan.layers_of(experiment)) if one.path == place]
        return _coming(found[0]) if found else ((), 0)

    def _use(self, choice: Choice, place: Place | None) -> None:
        experiment = self._session.experiment
        name = choice.params["factory"]
        if place is None:
            changed = layer_edits.set_network(experiment, (choice,))
        else:
            changed = layer_edits.replace_layers(experiment, {place: choice})
        if changed == experiment:
            self._session.recheck()
        else:
            self._session.edit(changed, f"Use the network {name}")

    def _on_trusted(self) -> None:
        self._session.recheck()
        self._session.run()

    def _on_closed(self, dialog: "NetworkDialog | TrustDialog") -> None:
        dialog.deleteLater()
        if self.dialog is dialog:
            self.dialog = None


def _coming(layer: PlannedLayer) -> tuple[tuple[int, ...], int]:
    return (layer.place.shape, layer.place.tokens) if layer.place else ((), 0)
