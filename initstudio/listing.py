"""The catalogues as text and as JSON, for a person or a program without a window."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from initstudio.catalogue import Dataset, Entry, Layer, Scheme, Tuning
from initstudio.datasets import DATASETS
from initstudio.declared import Param, params_of
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS
from initstudio.measurement import Probe
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS

CATALOGUES: dict[str, Mapping[str, Entry[Any]]] = {
    "schemes": SCHEMES,
    "tunings": TUNINGS,
    "layers": LAYERS,
    "datasets": DATASETS,
    "probes": PROBES,
}


def as_json(catalogue: str) -> str:
    """Return the entries as a JSON array, in ASCII so that every console can show it."""
    entries = [_entry(entry) for entry in CATALOGUES[catalogue].values()]
    return json.dumps(entries, indent=2, allow_nan=False)


def as_text(catalogue: str, width: int = 100) -> str:
    """Return the entries as text of at most `width` columns: key, label, summary, parameters."""
    blocks = []
    for entry in CATALOGUES[catalogue].values():
        lines = [f"{entry.key}  ({entry.label})", *_wrapped(entry.summary, 4, width)]
        facts = [*_facts(entry).items(), ("source", entry.source)]
        lines += [line for name, fact in facts if fact for line in _fact(name, fact, width)]
        for param in params_of(entry.params):
            lines += _wrapped(
                f"{param.name} = {_plain(param.default)}: {_told(param)}", 4, width, 8
            )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _entry(entry: Entry[Any]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "label": entry.label,
        "summary": entry.summary,
        "source": entry.source,
        **_facts(entry),
        "params": [_param(param) for param in params_of(entry.params)],
    }


def _facts(entry: Entry[Any]) -> dict[str, Any]:
    """Return what only entries of this catalogue have."""
    match entry:
        case Scheme():
            return {"formula": entry.formula, "roles": list(entry.roles), "trap": entry.trap}
        case Layer():
            return {"group": entry.group}
        case Dataset():
            return _data_facts(entry)
        case Tuning():
            return {}
        case Probe():
            return {"unit": entry.unit, "axes": list(entry.axes), "cadence": entry.cadence}
    message = f"{type(entry).__name__} has no listing"
    raise ValueError(message)


def _data_facts(entry: Dataset[Any]) -> dict[str, Any]:
    """Return what is known of a data set as it comes; nothing of one that needs a file first."""
    try:
        facts = asdict(entry.facts(entry.params()))
    except ExperimentError:
        return {}
    return {**facts, "shape": list(facts["shape"]), "positions": list(facts["positions"])}


def _param(param: Param) -> dict[str, Any]:
    """Return a parameter's declaration; a limit that there is not is null."""
    return {
        **asdict(param),
        "low": param.low if isfinite(param.low) else None,
        "high": param.high if isfinite(param.high) else None,
        "choices": [{"value": value, "label": label} for value, label in param.choices],
    }


def _fact(name: str, fact: object, width: int) -> list[str]:
    return _wrapped(f"{name}: {_plain(fact)}", 4, width, 8)


def _told(param: Param) -> str:
    """Return kind, limits and help of a parameter as a sentence or two."""
    words: str = param.kind
    if param.choices:
        words = "one of " + ", ".join(value for value, _ in param.choices)
    if limits := _limits(param):
        words += f" {limits}"
    if param.unit:
        words += f" {param.unit}"
    return f"{words}. {param.help}".strip()


def _limits(param: Param) -> str:
    low = f"{'above' if param.low_open else 'from'} {param.low:g}" if isfinite(param.low) else ""
    high = f"{'below' if param.high_open else 'to'} {param.high:g}" if isfinite(param.high) else ""
    return " ".join(part for part in (low, high) if part)


def _plain(value: object) -> str:
    match value:
        case list() | tuple():
            return ", ".join(str(one) for one in value)
        case bool():
            return "true" if value else "false"
    first, *more = str(value).splitlines() or [""]
    return f"{first} ..." if more else first


def _wrapped(text: str, indent: int, width: int, hanging: int | None = None) -> list[str]:
    rest = indent if hanging is None else hanging
    return textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * rest,
        break_on_hyphens=False,
    )
