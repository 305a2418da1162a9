"""The choice of what computes: what the engine's torch sees on this machine, and no more."""

from collections.abc import Mapping
from typing import cast

from PySide6.QtWidgets import QWidget

from initstudio.experiment import DEVICES, Device, Training
from initstudio.ui.fields import ChoiceBox, tip
from initstudio.ui.form import Form

LOADING = "PyTorch is being loaded; what it sees besides the CPU is offered then."
ALONE = "PyTorch sees no CUDA device and no Apple GPU on this machine, so the CPU computes."


class DeviceForm(Form):
    """One row; a device that a document asks for and that is not here is shown, with a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Training, "Training", ("device",), parent)
        self._box = cast("ChoiceBox", self.fields["device"])

    def show_devices(self, here: Mapping[Device, str], chosen: Device) -> None:
        """Offer the devices that are here, with makers' names (empty: not yet known)."""
        seen: dict[Device, str] = {"cpu": DEVICES["cpu"]}
        seen |= {key: f"{DEVICES[key]}: {name}" for key, name in here.items() if key != "cpu"}
        offered = seen
        if chosen not in seen:
            offered = {**seen, chosen: f"{DEVICES[chosen]} (not here)" if here else DEVICES[chosen]}
        self._box.offer(tuple(offered.items()))
        self._box.show_value(chosen)
        why = LOADING if not here else ALONE if len(seen) == 1 else ""
        text = "\n".join(filter(None, (tip(self.params[0]), why)))
        self._box.setToolTip(text)
        self._box.setAccessibleDescription(text)
        missing = bool(here) and chosen not in seen
        sentence = f"PyTorch sees no {DEVICES[chosen]} device on this machine; choose another."
        self.show_problems({"device": sentence} if missing else {})
