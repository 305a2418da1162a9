"""Named arrangements: those that come along, and a person's own in their file."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from initstudio import arrangements, paths
from initstudio.arrangements import BUILT_IN, MOST, Arrangement, PageField
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Shares

MINE = Arrangement(
    name="Mine",
    page="board",
    pictures=(Choice("loss", {"scale": "log"}), Choice("weights", {"layer": "2"}), Choice("loss")),
    shares=Shares(columns=(0.7, 0.3)),
)
OTHER = replace(MINE, name="another", page="xray", pictures=(Choice("phase"),))


def file() -> Path:
    return paths.user_data() / arrangements.FILE


def refusal() -> str:
    with pytest.raises(ExperimentError) as error:
        arrangements.own()
    assert error.value.where == "Arrangements"
    return error.value.why


def test_at_first_there_is_none_of_ones_own() -> None:
    assert arrangements.own() == ()
    assert not file().exists()


def test_what_is_saved_is_read_as_it_was() -> None:
    arrangements.save(MINE)
    arrangements.save(OTHER)
    assert arrangements.own() == (OTHER, MINE), "in order of their names"
    assert arrangements.own_of("board") == (MINE,)
    assert arrangements.own_of("xray") == (OTHER,)
    assert json.loads(file().read_bytes())["format"] == "initstudio arrangements"


def test_one_of_the_same_name_is_replaced_on_its_page_only() -> None:
    arrangements.save(MINE)
    arrangements.save(replace(OTHER, name="Mine"))
    changed = replace(MINE, pictures=(Choice("accuracy"),))
    arrangements.save(changed)
    assert arrangements.own_of("board") == (changed,)
    assert arrangements.own_of("xray") == (replace(OTHER, name="Mine"),)


def test_which_contenders_are_shown_belongs_to_the_experiment() -> None:
    chosen = Choice("loss", {"scale": "log", "contenders": "0 2"})
    arrangements.save(replace(MINE, pictures=(chosen,)))
    assert arrangements.own()[0].pictures == (Choice("loss", {"scale": "log"}),)


def test_one_is_renamed_and_another_deleted() -> None:
    arrangements.save(MINE)
    arrangements.save(replace(MINE, name="Old"))
    arrangements.rename("board", "Mine", "New")
    assert [one.name for one in arrangements.own()] == ["New", "Old"]
    arrangements.rename("board", "New", "Old")
    assert arrangements.own() == (replace(MINE, name="Old"),)
    arrangements.rename("board", "nobody", "X")
    arrangements.delete("xray", "Old")
    assert [one.name for one in arrangements.own()] == ["Old"]
    arrangements.delete("board", "Old")
    assert arrangements.own() == ()


@pytest.mark.parametrize("name", ["Race", " ", "", "x" * 61])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ExperimentError):
        arrangements.save(replace(MINE, name=name))
    arrangements.save(MINE)
    with pytest.raises(ExperimentError):
        arrangements.rename("board", "Mine", name)
    assert arrangements.own() == (MINE,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"format": "initstudio arrangements", "version": 1}',
        b'{"format": "initstudio arrangements", "version": 2, "arrangements": []}',
        b'{"format": "initstudio experiment", "version": 1, "arrangements": []}',
        b'{"format": "initstudio arrangements", "version": 1, "arrangements": [{"name": "x"}]}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_none_is_set_aside_and_kept(data: bytes) -> None:
    file().parent.mkdir(parents=True)
    file().write_bytes(data)
    aside = file().with_name("arrangements unreadable.json")
    assert str(aside) in refusal()
    assert aside.read_bytes() == data
    assert arrangements.own() == ()
    arrangements.save(MINE)
    assert arrangements.own() == (MINE,)


def test_two_such_files_do_not_take_each_others_place() -> None:
    file().parent.mkdir(parents=True)
    for text in ("first", "second"):
        file().write_text(text)
        refusal()
    names = ("arrangements unreadable.json", "arrangements unreadable 2.json")
    assert [file().with_name(name).read_text() for name in names] == ["first", "second"]


def test_a_folder_that_cannot_be_written_is_a_sentence() -> None:
    paths.user_data().write_text("a file where the folder should be")
    with pytest.raises(ExperimentError) as error:
        arrangements.save(MINE)
    assert "could not be" in error.value.why


def test_seven_pictures_are_too_many() -> None:
    arrangements.save(replace(MINE, pictures=(Choice("loss"),) * MOST))
    text = file().read_text().replace('"pictures": [', '"pictures": [{"key": "loss"},')
    file().write_text(text)
    refusal()


@pytest.mark.parametrize("page", ["board", "xray"])
def test_built_in_ones_have_names_of_their_own(page: PageField) -> None:
    names = [one.name for one in arrangements.built_in(page)]
    assert len(names) == len(set(names)) >= 3
    assert all(1 <= len(one.pictures) <= MOST for one in BUILT_IN)
