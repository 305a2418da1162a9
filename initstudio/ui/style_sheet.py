"""The window's one style sheet, with the theme's colours left open.

Names that a widget may set to be styled: the property `kind` = "primary", "quiet" or "chip" on
buttons; "title", "muted", "error", "warning", "good" or "chip" on labels; "card" on frames; "slim"
on sliders.
"""

from string import Template

STYLE_SHEET = Template("""
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $window; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: $border; }
QToolTip { background: $control; color: $text; border: 1px solid $border; padding: 5px 7px; }

QFrame[kind="card"] { background: $base; border: 1px solid $border; border-radius: 8px; }
QLabel[kind="title"] { font-size: ${title}pt; font-weight: 600; }
QLabel[kind="muted"] { color: $muted; font-size: ${small}pt; }
QLabel[kind="error"] { color: $error; }
QLabel[kind="warning"] { color: $warning; }
QLabel[kind="good"] { color: $good; }
QLabel[kind="chip"] {
    background: $control; border: 1px solid $accent; border-radius: 6px; padding: 3px 9px;
}

QPushButton, QToolButton, QComboBox {
    background: $control; border: 1px solid $border; border-radius: 6px;
    padding: 4px 10px; min-height: 18px;
}
QToolButton { padding: 4px 8px; }
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: $hover; border-color: $strong; }
QPushButton:pressed, QToolButton:pressed { background: $border; }
QPushButton:checked, QToolButton:checked { background: $selected; border-color: $accent; }
QPushButton:focus, QToolButton:focus, QComboBox:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled { color: $faded; }
QPushButton[kind="primary"], QToolButton[kind="primary"] {
    background: $accent; color: $accent_text; border-color: $accent; font-weight: 600;
}
QPushButton[kind="primary"]:hover, QToolButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled {
    background: $control; color: $faded; border-color: $border;
}
QPushButton[kind="quiet"], QToolButton[kind="quiet"], QComboBox[kind="quiet"] {
    background: transparent; border-color: transparent; padding: 2px 6px; min-height: 16px;
}
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover, QComboBox[kind="quiet"]:hover {
    background: $hover; border-color: $border;
}
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked {
    background: $selected; border-color: transparent;
}
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus, QComboBox[kind="quiet"]:focus {
    border-color: $accent;
}
QPushButton[kind="chip"], QToolButton[kind="chip"] { border-radius: 12px; padding: 3px 12px; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="2"] { padding-right: 20px; }
QToolButton[popupMode="2"]::menu-indicator {
    image: url(icons:down-$name.svg); width: 10px; height: 10px;
    subcontrol-origin: padding; subcontrol-position: right center; right: 6px;
}
QToolButton[kind="dots"] {
    background: transparent; border-color: transparent; padding: 1px 5px; min-height: 16px;
}
QToolButton[kind="dots"]:hover { background: $hover; border-color: $border; }
QToolButton[kind="dots"]::menu-indicator { image: none; width: 0; }

QComboBox::drop-down { border: none; width: 20px; }
QComboBox[kind="quiet"] { padding-right: 0; }
QComboBox[kind="quiet"]::drop-down { width: 16px; }
QComboBox::down-arrow { image: url(icons:down-$name.svg); width: 10px; height: 10px; }
QComboBox QAbstractItemView {
    background: $control; border: 1px solid $border; outline: none; padding: 3px;
    selection-background-color: $selected; selection-color: $text;
}

QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
    background: $base; border: 1px solid $border; border-radius: 6px; padding: 4px 7px;
    selection-background-color: $accent; selection-color: $accent_text;
}
QAbstractSpinBox { padding-right: 20px; }
QLineEdit:hover, QAbstractSpinBox:hover { border-color: $strong; }
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border-color: $accent;
}
QLineEdit:disabled, QAbstractSpinBox:disabled { color: $faded; background: $panel; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"] { border-color: $error; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    border: none; background: transparent; width: 18px; subcontrol-origin: border;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url(icons:up-$name.svg); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url(icons:down-$name.svg); width: 9px; height: 9px; }

QCheckBox { spacing: 7px; }
QCheckBox::indicator, QGroupBox::indicator, QAbstractItemView::indicator, QMenu::indicator {
    width: 15px; height: 15px; border: 1px solid $strong; border-radius: 4px; background: $base;
}
QMenu::indicator { margin-left: 6px; }
QCheckBox::indicator:hover, QAbstractItemView::indicator:hover { border-color: $accent; }
QCheckBox::indicator:focus { border: 2px solid $accent; }
QCheckBox::indicator:checked, QGroupBox::indicator:checked, QAbstractItemView::indicator:checked,
QMenu::indicator:checked {
    background: $accent; border-color: $accent; image: url(icons:check.svg);
}

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $border; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
    background: $control; border: 1px solid $strong;
}
QSlider[kind="slim"] { min-height: 16px; max-height: 16px; }
QSlider[kind="slim"]::sub-page:horizontal { background: $border; }
QSlider[kind="slim"]::handle:horizontal {
    width: 10px; height: 10px; margin: -4px 0; border-radius: 6px; background: $accent;
    border-color: $accent;
}
QSlider[kind="slim"]::handle:horizontal:disabled { background: $border; border-color: $border; }
QSlider[kind="slim"]::handle:horizontal:hover, QSlider[kind="slim"]::handle:horizontal:focus {
    border: 1px solid $text;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border-color: $accent; }
QProgressBar {
    background: $border; border: none; border-radius: 4px; min-height: 8px; text-align: center;
}
QProgressBar::chunk { background: $accent; border-radius: 4px; }

QListView, QTreeView, QTableView {
    background: $base; border: 1px solid $border; border-radius: 8px; outline: none;
    selection-background-color: $selected; selection-color: $text; gridline-color: $grid;
}
QListView::item { padding: 4px 6px; border-radius: 5px; }
QListView::item:hover, QTreeView::item:hover { background: $hover; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {
    background: $selected; color: $text;
}
QTableView[kind="bare"] { border: none; border-radius: 0; }
QHeaderView { background: $base; }
QHeaderView::section {
    background: $base; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 5px 8px; font-size: ${small}pt;
}
QTableCornerButton::section { background: $base; border: none; }

QGroupBox { border: 1px solid $border; border-radius: 8px; margin-top: 9px; padding: 9px 8px 7px; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; padding: 0 4px; color: $muted; }
QDockWidget::title { background: $window; padding: 7px 9px; font-weight: 600; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar { background: transparent; }
QTabBar::tab {
    background: transparent; color: $muted; border: none; padding: 7px 13px; margin: 2px 1px 0;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }

QMenuBar { background: $window; padding: 2px; }
QMenuBar::item { padding: 5px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $control; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 26px; border-radius: 5px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $faded; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }
QToolBar { background: $window; border: none; spacing: 6px; padding: 5px 8px; }
QToolBar::separator { background: $border; width: 1px; margin: 4px 5px; }
QStatusBar { background: $window; color: $muted; }
QStatusBar::item { border: none; }

QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: $strong; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")
