"""The snapshots that are kept over a run: which, how many, and that none is changed."""

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.album import FEWEST, MOST, Album, Page
from initstudio.bins import BINS, HEAD, SIZE
from initstudio.history import History, Readings, Snapshot, stretch_of
from initstudio.packing import packed
from tests.synthetic import binned, experiment_of, falling, header_of, stretch_from


def norms(value: float) -> Readings:
    return {"gradient_norm": np.full((3, 4), value, np.float32)}


def counts(seed: int, most: int) -> npt.NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    found = np.zeros((2, 3, SIZE), np.int32)
    found[..., 0] = -20
    some = rng.integers(0, most, (2, 3, BINS)) * rng.integers(0, 2, (2, 3, BINS))
    found[..., HEAD : HEAD + BINS] = some
    means = rng.integers(0, 256, (2, 3, BINS)) * (some > 0)
    found[..., HEAD + BINS :] = means.astype(np.uint8).view(np.int32)
    return found


def test_all_are_kept_while_they_are_few() -> None:
    album = Album()
    for step in range(0, 100, 5):
        album.add(step, norms(step))
    steps, values = album.over("gradient_norm")
    assert steps.tolist() == list(range(0, 100, 5))
    assert values[:, 2, 3].tolist() == list(range(0, 100, 5))
    assert album.stride == 1


@pytest.mark.parametrize("count", [MOST, MOST + 1, 3 * MOST + 7])
def test_of_many_every_so_manieth_is_kept_from_the_start_on(count: int) -> None:
    album = Album()
    for at in range(count):
        album.add(10 * at, norms(at))
    assert MOST // 2 <= len(album) <= MOST
    assert album.steps.tolist() == list(range(0, 10 * count, 10 * album.stride))
    assert album.over("gradient_norm")[1][:, 0, 0].tolist() == list(range(0, count, album.stride))


def test_no_more_than_the_limit_is_taken() -> None:
    album = Album(limit=50_000)
    for step in range(400):
        album.add(step, {"weights": counts(step, 200)})
        assert album.bytes <= 50_000 or len(album) <= FEWEST
    assert album.steps.tolist() == list(range(0, 400, album.stride))


def test_a_few_are_kept_however_large_they_are() -> None:
    album = Album(limit=1)
    for step in range(20):
        album.add(step, norms(step))
    assert FEWEST // 2 < len(album) <= FEWEST


@pytest.mark.parametrize("most", [2, 250, 60_000, 2**31 - 1])
def test_counts_come_back_exactly_in_less_memory(most: int) -> None:
    values = counts(0, most)
    found = packed(values)
    assert found is not None
    assert np.array_equal(found.unpacked(), values)
    assert found.unpacked().dtype == np.int32
    assert found.nbytes <= values.nbytes


def test_a_distribution_over_the_run_is_what_was_read() -> None:
    album = Album()
    readings = [binned(np.full(9, value), -10)[None, None] for value in (0.1, 0.2, 0.3)]
    for step, reading in enumerate(readings):
        album.add(step, {"weights": reading})
    steps, values = album.over("weights", [2, 0])
    assert steps.tolist() == [2, 0]
    assert np.array_equal(values, np.stack([readings[2], readings[0]]))


def test_a_page_of_the_past_holds_what_was_read_then() -> None:
    album = Album()
    pages = [{"weights": counts(step, 200), **norms(step)} for step in range(4)]
    for step, page in enumerate(pages):
        album.add(step, page)
    _, found = album.at(2)
    assert set(found) == {"weights", "gradient_norm"}
    for key, values in pages[2].items():
        assert np.array_equal(found[key], values)
    assert found["weights"] is found["weights"]  # unpacked once
    both = found | Page({"worst": np.ones(3)})
    assert set(both) == {"weights", "gradient_norm", "worst"}
    assert np.array_equal(both["weights"], pages[2]["weights"])


def test_what_is_changed_afterwards_is_kept_as_it_was() -> None:
    album, given = Album(), norms(1.0)
    album.add(0, given)
    given["gradient_norm"][:] = 2
    assert (album.over("gradient_norm")[1] == 1).all()


def test_what_is_measured_seldom_stays_until_it_is_measured_again() -> None:
    album = Album()
    for step in range(9):
        seldom = {"effective_rank": np.full((1, 1), step, np.float32)} if step % 4 == 0 else {}
        album.add(10 * step, {**norms(step), **seldom})
    assert (album.at(-1)[0], len(album.at(-1)[1])) == (-1, 0)
    step, found = album.at(79)
    assert step == 70
    assert found["gradient_norm"][0, 0] == 7
    assert found["effective_rank"][0, 0] == 4
    assert album.steps_of("effective_rank").tolist() == [0, 40, 80]
    assert album.over("effective_rank")[1].ravel().tolist() == [0, 4, 8]
    assert album.over("nothing")[0].tolist() == []


def test_a_run_can_be_shown_as_it_was() -> None:
    header = header_of(experiment_of(2))
    history = History(header)
    loss = falling(header, 30)
    loss[25:, 1] = np.nan
    for start in (0, 10, 20):
        layers = {"gradient_norm": np.full((2, 3), start, np.float32)}
        history.extend(stretch_from(header, loss[start : start + 10], start, layers))
    past = history.at(22)
    assert (past.until, past.layers_step, past.last_step) == (22, 19, 29)
    assert (past.latest["gradient_norm"] == 10).all()
    assert (past.first["gradient_norm"] == 0).all()
    assert past.diverged.tolist() == [-1, -1]
    assert past.series is history.series
    assert history.at(27).diverged.tolist() == [-1, 25]
    newest = history.at(29)
    assert newest.layers_step == history.layers_step
    assert newest.latest is history.latest
    assert history.until is None
    assert history.at(3).latest == {}


def test_all_snapshots_of_a_stretch_travel_and_are_kept() -> None:
    shots = [Snapshot(step, {"loss": np.zeros(3, np.float32), **norms(step)}) for step in range(5)]
    stretch = stretch_of(shots, frozenset({"loss"}), frozenset())
    assert [one.step for one in stretch.earlier] == [0, 1, 2, 3]
    assert all("loss" not in one.readings for one in stretch.earlier)
    history = History(header_of(experiment_of(3)))
    history.extend(stretch)
    assert history.album.steps.tolist() == [0, 1, 2, 3, 4]
    assert history.first["gradient_norm"][0, 0] == 0
    assert history.latest["gradient_norm"][0, 0] == 4
