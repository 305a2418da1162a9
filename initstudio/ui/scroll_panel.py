"""What a panel of forms stands in: a column that scrolls, rather than clips, on a small screen."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

MARGIN = 10


def scrolling_column(panel: QWidget) -> QVBoxLayout:
    """Return the layout of a column that fills `panel`, scrolls up and down, and has its stretch.

    Widgets are added with `addWidget`; the caller adds the stretch at the end.
    """
    area = QScrollArea(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    layout.setSpacing(8)
    area.setWidget(column)
    column.setAutoFillBackground(False)  # which setWidget turns on
    outer = QVBoxLayout(panel)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
    panel.setMinimumWidth(280)
    return layout
