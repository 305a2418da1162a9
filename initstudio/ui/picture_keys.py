"""What a person can do with one picture of a board, from its menu or by keys while it has them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PictureAct:
    """One thing to do with a picture; `in_menu` if its menu lists it."""

    key: str
    text: str
    shortcuts: tuple[str, ...] = ()
    in_menu: bool = True


PICTURE_ACTS: tuple[PictureAct, ...] = (
    PictureAct(key="enlarge", text="&Enlarge", shortcuts=("Ctrl+Return", "Ctrl+Enter")),
    PictureAct(
        key="window",
        text="In a &window of its own",
        shortcuts=("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
    ),
    PictureAct(key="duplicate", text="D&uplicate", shortcuts=("Ctrl+D",)),
    PictureAct(key="remove", text="&Remove", shortcuts=("Del",)),
    PictureAct(
        key="close", text="Remove, or close its window", shortcuts=("Ctrl+W",), in_menu=False
    ),
    PictureAct(key="left", text="Move left", shortcuts=("Alt+Left",), in_menu=False),
    PictureAct(key="right", text="Move right", shortcuts=("Alt+Right",), in_menu=False),
    PictureAct(key="up", text="Move up", shortcuts=("Alt+Up",), in_menu=False),
    PictureAct(key="down", text="Move down", shortcuts=("Alt+Down",), in_menu=False),
    PictureAct(key="back", text="Give all pictures their places back", shortcuts=("Esc",),
               in_menu=False),
)  # fmt: skip
"""Their keys work while the picture, or a control of it, has the keyboard."""
SIDES = ("left", "right", "up", "down")
