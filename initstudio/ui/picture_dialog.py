"""How a picture is taken home: its size, pixels, theme and ground, with a preview."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QSettings, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.errors import ExperimentError
from initstudio.files import atomic_write
from initstudio.ui.entry_picker import Fact
from initstudio.ui.figure import FORMATS, Figure, Look, take
from initstudio.ui.form import Note
from initstudio.ui.plots.plot import Plot
from initstudio.ui.theme import THEMES, present

SIZES = {
    "As on the screen": None,
    "Slide, 16 : 9": QSize(960, 540),
    "Slide, 4 : 3": QSize(720, 540),
    "Half a slide": QSize(480, 540),
    "Column of a paper": QSize(420, 300),
}
SCALES = {"1 ×": 1, "2 ×": 2, "4 ×": 4}
LOOKS = {"As on the screen": "", "Light": "light", "Dark": "dark"}
GROUNDS = {"As the theme": False, "Transparent": True}
STANDARD = {"Size": "Slide, 16 : 9", "Pixels": "2 ×"}
"""What is chosen at first, where it is not the first."""
PREVIEW = QSize(560, 330)
FILTERS = "PNG (*.png);;SVG (*.svg);;PDF (*.pdf)"


class PictureDialog(QDialog):
    """Shows how the plots would look; remembers what was chosen last."""

    def __init__(
        self,
        plots: Sequence[Plot],
        cells: Sequence[Sequence[float]],
        on_screen: QSize,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save a picture")
        self.setAccessibleName("Picture")
        self._plots, self._cells = list(plots), list(cells)
        self._on_screen, self._name = on_screen, name
        self.size_box = self._box("Size", SIZES, "In pixels as on the screen; text keeps its size.")
        self.scale_box = self._box("Pixels", SCALES, "Pixels of a PNG for each on the screen.")
        self.theme_box = self._box("Theme", LOOKS, "Colours of the picture.")
        self.ground_box = self._box("Ground", GROUNDS, "What is behind the curves.")
        self.preview = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.preview.setFixedSize(PREVIEW)
        self.preview.setAccessibleName("Picture: preview")
        self.about = Fact()
        self.problem = Note()
        self.copy = QPushButton("&Copy")
        self.save = QPushButton("&Save…")
        self.save.setProperty("kind", "primary")
        self.save.setDefault(True)
        self._lay_out()
        self.copy.clicked.connect(self._on_copy)
        self.save.clicked.connect(self._on_save)
        self._show_preview()

    @property
    def look(self) -> Look:
        """Return what is chosen."""
        name = LOOKS[self.theme_box.currentText()]
        return Look(
            theme=THEMES[name] if name else present.theme,
            size=SIZES[self.size_box.currentText()] or self._on_screen,
            scale=SCALES[self.scale_box.currentText()],
            transparent=GROUNDS[self.ground_box.currentText()],
        )

    def _box(self, name: str, choices: Collection[str], tip: str) -> QComboBox:
        box = QComboBox()
        box.addItems(list(choices))
        chosen = str(QSettings().value(f"picture/{name}", STANDARD.get(name, "")))
        box.setCurrentIndex(max(0, box.findText(chosen)))
        box.setAccessibleName(f"Picture: {name}")
        box.setToolTip(tip)
        box.activated.connect(self._on_chosen)
        return box

    def _lay_out(self) -> None:
        form = QFormLayout()
        for name, box in self._boxes().items():
            form.addRow(f"&{name}", box)
        side = QVBoxLayout()
        side.addLayout(form)
        side.addWidget(self.about)
        side.addWidget(self.problem)
        side.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.save)
        side.addLayout(buttons)
        row = QHBoxLayout(self)
        row.addWidget(self.preview)
        row.addLayout(side, 1)

    def _boxes(self) -> dict[str, QComboBox]:
        return {
            "Size": self.size_box,
            "Pixels": self.scale_box,
            "Theme": self.theme_box,
            "Ground": self.ground_box,
        }

    def _on_chosen(self, _index: int) -> None:
        for name, box in self._boxes().items():
            QSettings().setValue(f"picture/{name}", box.currentText())
        self._show_preview()

    def _show_preview(self) -> None:
        look = self.look
        figure = Figure(self._plots, self._cells, replace(look, scale=1))
        shown = QPixmap.fromImage(figure.image())
        figure.close()
        smooth = Qt.TransformationMode.SmoothTransformation
        self.preview.setPixmap(shown.scaled(PREVIEW, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        pixels = look.size * look.scale
        self.about.show_text(
            f"PNG: {pixels.width():,} × {pixels.height():,} pixels. SVG and PDF keep text as text "
            "and have no pixels."
        )

    def _on_copy(self) -> None:
        try:
            copy_picture(self._plots, self._cells, self.look)
        except ExperimentError as error:
            self.problem.show_text(error.why)

    def _on_save(self) -> None:
        folder = str(QSettings().value("picture/folder", ""))
        start = str(Path(folder) / f"{self._name}.png")
        name, chosen = QFileDialog.getSaveFileName(self, "Save the picture", start, FILTERS)
        if not name:
            return
        path = Path(name)
        if path.suffix.lower() not in FORMATS:
            ending = next((one for one in FORMATS if f"*{one}" in chosen), FORMATS[0])
            path = path.with_name(path.name + ending)
        QSettings().setValue("picture/folder", str(path.parent))
        try:
            atomic_write(path, take(self._plots, self._cells, self.look, path.suffix.lower()))
        except OSError as error:
            self.problem.show_text(f"{path}: It could not be saved: {error.strerror or error}.")
        except ExperimentError as error:
            self.problem.show_text(error.why)
        else:
            self.accept()


def copy_picture(plots: Sequence[Plot], cells: Sequence[Sequence[float]], look: Look) -> None:
    """Put a picture on the clipboard, as pixels and as SVG.

    Raises:
        ExperimentError: There would be too many pixels.
    """
    figure = Figure(plots, cells, look)
    data = QMimeData()
    try:
        data.setImageData(figure.image())
    finally:
        figure.close()
    data.setData("image/svg+xml", QByteArray(take(plots, cells, look, ".svg")))
    QGuiApplication.clipboard().setMimeData(data)
