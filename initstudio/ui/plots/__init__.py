"""The plots, one or one family a file, collected by themselves: a class with a `key` of its own."""

import importlib
import pkgutil

from initstudio.ui.plots.plot import Plot


def _collect() -> dict[str, type[Plot]]:
    found: dict[str, type[Plot]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, Plot) and value.key):
                continue
            if found.setdefault(value.key, value) is not value:
                message = f"two plots have the key {value.key!r}"
                raise ValueError(message)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[1].label)))


PLOTS: dict[str, type[Plot]] = _collect()
