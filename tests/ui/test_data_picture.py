"""What there is to see of each kind of data, and how it is painted."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio.datasets import DATASETS
from initstudio.datasets.file import FileParams
from initstudio.datasets.text import FILE as TEXT
from initstudio.engine.data import stream
from initstudio.paths import resource
from initstudio.ui.data_picture import Picture, picture_of, state_of
from initstudio.ui.data_preview import DataPreview


def picture(key: str, **values: Any) -> Picture:  # noqa: ANN401 - parameters of all kinds
    return picture_of(key, DATASETS[key].parse(values), 0)


def colours(shown: Picture, qtbot: QtBot) -> set[str]:
    """Return the colours that it is painted with."""
    preview = DataPreview()
    qtbot.addWidget(preview)
    preview.resize(300, 150)
    preview.show_picture(shown)
    assert preview.toolTip() == preview.accessibleDescription() == shown.caption
    image = preview.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, 300, 2) for y in range(0, 150, 2)}


def own(path: Path, **arrays: Any) -> Picture:  # noqa: ANN401 - arrays of all kinds
    file = io.BytesIO()
    np.savez(file, **arrays)
    path.write_bytes(file.getvalue())
    params = FileParams(path=str(path))
    return picture_of("file", params, 0, state_of(params))


def test_images_are_the_data_itself() -> None:
    digits = picture("digits")
    features, _ = DATASETS["digits"].make(DATASETS["digits"].params(), np.random.default_rng(0))
    assert digits.images is not None
    np.testing.assert_allclose(digits.images.reshape(24, 64), features[:24])
    assert digits.caption == "The first 24 images."


def test_points_lie_where_the_data_says(qtbot: QtBot) -> None:
    moons = picture("moons", noise=0.0)
    assert moons.points is not None
    assert moons.classes is not None
    params = DATASETS["moons"].params(noise=0.0)
    features, classes = DATASETS["moons"].make(params, stream(0, "data"))
    some = stream(0, "preview").permutation(1000)[:800]
    low, high = features[some].min(0), features[some].max(0)
    np.testing.assert_allclose(moons.points * (high - low) + low, features[some], atol=1e-6)
    assert np.array_equal(moons.classes, classes[some])
    assert picture("moons", noise=0.0) is moons
    assert len(colours(moons, qtbot)) > 4


def test_a_curve_is_points_over_its_feature(qtbot: QtBot) -> None:
    sine = picture("sine", cycles=1, noise=0.0)
    assert sine.caption == "The value to predict, over the feature."
    assert sine.points is not None
    assert sine.classes is None
    x, y = sine.points.T * 2 - 1
    np.testing.assert_allclose(y, np.sin(np.pi * x), atol=0.02)  # the ends are not quite reached
    assert len(colours(sine, qtbot)) > 4
    assert picture("diabetes").caption == "The value to predict, over feature 1 of 10."
    teacher = picture("teacher", outputs=3)
    assert teacher.caption == "Value 1 of 3 to predict, over feature 1 of 16."


def test_sequences_are_lines(qtbot: QtBot) -> None:
    adding = picture("adding", length=20)
    assert adding.caption == "The first 3 sequences: 2 numbers at each of 20 steps."
    assert adding.sequences is not None
    assert adding.sequences.shape == (3, 2, 20)
    assert set(adding.sequences[:, 1].ravel().tolist()) == {0, 1}
    assert adding.sequences[:, 1].sum(1).tolist() == [2, 2, 2]
    assert len(colours(adding, qtbot)) > 4


def test_tokens_are_text(qtbot: QtBot) -> None:
    text = picture("text", length=20, step=20)
    assert text.caption == "The first 6 pieces, and the character that comes next."
    whole = resource(TEXT).read_text(encoding="ascii").replace("\n", "↵").replace(" ", "·")
    for at, piece in enumerate(text.text):
        assert piece == f"{whole[at * 20 : at * 20 + 20]} → {whole[at * 20 + 20]}"
    assert len(colours(text, qtbot)) > 4
    copy = picture("copy", recall=2, delay=1)
    tokens, classes = DATASETS["copy"].make(
        DATASETS["copy"].params(recall=2, delay=1), stream(0, "data")
    )
    first = " ".join(map(str, tokens[0].tolist()))
    assert copy.text[0] == f"{first} → {classes[0, 0]} {classes[0, 1]}"


def test_large_data_is_not_made_for_a_picture() -> None:
    large = picture("random", examples=100_000, features=1024)
    assert large.caption == "Too large to be drawn here."
    assert large.points is None


def test_a_person_s_own_arrays(tmp_path: Path, qtbot: QtBot) -> None:
    y = np.arange(40) % 2
    generator = np.random.default_rng(0)
    wide = own(tmp_path / "a.npz", x=generator.normal(size=(40, 12, 6)), y=y)
    assert wide.caption == "The first 24 examples, 12 × 6 values each."
    assert wide.images is not None
    assert (wide.images.shape, wide.images.min(), wide.images.max()) == ((24, 12, 6), 0, 1)
    assert len(colours(wide, qtbot)) > 4
    photos = own(tmp_path / "b.npz", x=generator.normal(size=(40, 3, 4, 5)), y=y)
    assert photos.caption == "The first 24 images, channel 1 of 3."
    walks = own(tmp_path / "c.npz", x=generator.normal(size=(40, 9, 1)), y=y)
    assert walks.caption == "The first 3 sequences: 1 number at each of 9 steps."
    large = own(tmp_path / "d.npz", x=np.zeros((5000, 1024), dtype=np.uint8), y=np.arange(5000) % 2)
    assert large.points is not None, "a part of a large file is drawn"


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_what_is_all_the_same_is_drawn_too(value: float, tmp_path: Path, qtbot: QtBot) -> None:
    y = np.arange(40) % 2
    for at, shape in enumerate([(40, 2), (40, 1), (40, 5, 2), (40, 1, 3, 3)]):
        shown = own(tmp_path / f"{at}.npz", x=np.full(shape, value), y=y)
        assert colours(shown, qtbot)


def test_a_file_is_drawn_anew_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    params = FileParams(path=str(path))
    missing = picture_of("file", params, 0, state_of(params))
    assert missing.caption == "There is no such file."
    path.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    first = picture_of("file", params, 0, state_of(params))
    assert first.caption == "The examples by class."
    path.write_text("a,c,b\n1,2,x\n2,3,y\n", encoding="utf-8")
    os.utime(path, ns=(5, 5))
    second = picture_of("file", params, 0, state_of(params))
    assert second.caption == "The examples, coloured by class."
    wrong = replace(params, target="none")
    assert picture_of("file", wrong, 0, state_of(wrong)).caption.startswith("There is no column")
