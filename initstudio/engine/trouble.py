"""What went wrong in the engine, in a sentence."""

import re

_UNITS = {"bytes": 1.0} | {f"{unit}iB": 1024.0**power for power, unit in enumerate("KMGTPE", 1)}
_BYTES = re.compile(rf"allocate (\d+(?:\.\d+)?) ({'|'.join(_UNITS)})")
_NO_MEMORY = re.compile(
    r"can't allocate memory|not enough memory|[Cc]annot allocate memory|out of memory"
)


def told_of(error: Exception) -> str:
    """Return a sentence about an error that nobody foresaw."""
    return memory_asked_for(error) or _last_line(error)


def memory_asked_for(error: BaseException) -> str | None:
    """Return a sentence with how much memory was asked for in vain; None for any other error."""
    text = str(error)
    if not isinstance(error, MemoryError) and not _NO_MEMORY.search(text):
        return None
    asked = _BYTES.search(text)
    if asked:
        size = float(asked[1]) * _UNITS[asked[2]]
        return f"There is not enough memory: {_size(size)} at once were asked for."
    return "There is not enough memory for this experiment."


def _size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} TiB" if size < 1000 else f"{size:,.0f} TiB"


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1]}" if lines[-1] else type(error).__name__
