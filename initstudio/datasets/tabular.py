"""Four small tables of measurements, shipped with the program: iris, wine, breast cancer, diabetes.

They are the same for every seed, which chooses only the validation part.
"""

import numpy as np
import numpy.typing as npt

from initstudio.catalogue import DataFacts, Dataset, NoParams
from initstudio.paths import resource

Float = npt.NDArray[np.float64]


def _load(name: str, target: str) -> tuple[npt.NDArray[np.float32], Float]:
    """Return the features [examples, features] and the target [examples], as measured."""
    with np.load(resource(f"{name}.npz"), allow_pickle=False) as file:
        features: Float = file["features"]
        return features.astype(np.float32), file[target].astype(np.float64)


def _make_classes(name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    features, classes = _load(name, "classes")
    return features, classes.astype(np.int64)


def _make_diabetes() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    features, values = _load("diabetes", "values")
    return features, values.astype(np.float32)[:, None]


IRIS = Dataset(
    key="iris",
    label="Iris",
    summary="150 irises of three species by four lengths in cm; one species is easy to tell, the "
    "other two overlap.",
    source="Fisher 1936, The use of multiple measurements in taxonomic problems, table I; UCI "
    "Machine Learning Repository, doi:10.24432/C56C76 (CC BY 4.0)",
    order=70,
    params=NoParams,
    facts=lambda _params: DataFacts(examples=150, shape=(4,), outputs=3),
    make=lambda _params, _generator: _make_classes("iris"),
)

WINE = Dataset(
    key="wine",
    label="Wine",
    summary="178 wines of three growers by 13 chemical measurements of very different size: "
    "without standardizing, one of them drowns the rest.",
    source="Aeberhard and Forina 1991, Wine, UCI Machine Learning Repository, "
    "doi:10.24432/C5PC7J (CC BY 4.0)",
    order=80,
    params=NoParams,
    facts=lambda _params: DataFacts(examples=178, shape=(13,), outputs=3),
    make=lambda _params, _generator: _make_classes("wine"),
)

BREAST_CANCER = Dataset(
    key="breast_cancer",
    label="Breast cancer",
    summary="569 tumours by 30 measurements of their cell nuclei: malignant (class 0) or benign "
    "(class 1).",
    source="Wolberg, Mangasarian, Street and Street 1993, Breast Cancer Wisconsin (Diagnostic), "
    "UCI Machine Learning Repository, doi:10.24432/C5DW2B (CC BY 4.0)",
    order=90,
    params=NoParams,
    facts=lambda _params: DataFacts(examples=569, shape=(30,), outputs=2),
    make=lambda _params, _generator: _make_classes("breast_cancer"),
)

DIABETES = Dataset(
    key="diabetes",
    label="Diabetes",
    summary="442 patients by ten measurements; the value to predict, from 25 to 346, is how far "
    "the disease has gone one year later.",
    source="Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, table 1",
    order=100,
    params=NoParams,
    facts=lambda _params: DataFacts(examples=442, shape=(10,), outputs=1, task="values"),
    make=lambda _params, _generator: _make_diabetes(),
)
