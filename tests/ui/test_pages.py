"""The two boards behind tabs: what the X-ray's asks for, shows and does."""

from collections.abc import Iterator
from functools import partial

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.engine.messages import Examined
from initstudio.engine.plan import header_of
from initstudio.experiment import Choice
from initstudio.results import Results
from initstudio.ui.pages import RACE, XRAY, Pages
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.session import Session
from initstudio.ui.studied import START, Studied
from initstudio.ui.studies import Studies
from tests.synthetic import experiment_of, history_of, layers_of

SHOWN = replace(
    experiment_of(),
    board=(Choice("loss"),),
    xray=(Choice("activation_std"), Choice("phase"), Choice("luck")),
)

OTHER = edits.set_scheme(SHOWN, 0, "weight", Choice("orthogonal"))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(SHOWN)
    yield session
    session.close()


@pytest.fixture
def pages(session: Session, qtbot: QtBot) -> Pages:
    pages = Pages(session, Studies(session))
    qtbot.addWidget(pages)
    pages.resize(1000, 700)
    pages.show()
    return pages


def study(pages: Pages, key: str) -> StudyPlot:
    plot = pages.xray.plots[key]
    assert isinstance(plot, StudyPlot)
    return plot


def test_each_page_has_its_board_and_its_list_of_pictures(pages: Pages) -> None:
    assert pages.present is pages.race
    pages.show_page(XRAY)
    assert pages.present is pages.xray
    assert list(pages.xray.plots) == ["activation_std", "phase", "luck"]
    assert pages.xray.isVisible()
    assert not pages.race.isVisible()
    assert pages.xray.pictures.isVisible()
    offered = pages.xray.actions_of.keys()
    assert offered == {key for key, kind in PLOTS.items() if "xray" in kind.pages}
    assert "loss" not in offered
    pages.show_page(RACE)
    assert pages.race.isVisible()


def test_pictures_of_the_start_are_chosen_undoably(pages: Pages, session: Session) -> None:
    pages.show_page(XRAY)
    pages.xray.actions_of["jacobian"].trigger()
    assert [one.key for one in session.experiment.xray][-1] == "jacobian"
    assert session.experiment.board == SHOWN.board
    session.undo_stack.undo()
    assert session.experiment == SHOWN


def test_it_wants_what_is_in_sight_and_nothing_when_hidden(pages: Pages) -> None:
    pages.show_page(XRAY)
    wants = pages._studies._wants["X-ray"]
    assert wants.keys() == {START, "phase", "luck"}
    assert "activation_std" in str(wants[START]["probes"]).split()
    assert wants["luck"] == {"draws": 200}
    pages.xray.enlarge(1)
    assert pages._studies._wants["X-ray"].keys() == {"phase"}
    pages.xray.enlarge(1)
    pages.show_page(RACE)
    assert pages._studies._wants["X-ray"] == {}


def test_an_option_of_a_study_is_asked_for_anew(pages: Pages) -> None:
    pages.show_page(XRAY)
    study(pages, "luck").set_option("draws", 50)
    assert pages._studies._wants["X-ray"]["luck"] == {"draws": 50}


def test_pictures_of_one_study_share_its_parameters(pages: Pages, session: Session) -> None:
    """Of a study one question is asked at a time, so no picture may claim another one."""
    twice = (Choice("luck"), Choice("phase"), Choice("luck", {"draws": 50}))
    session.edit(replace(SHOWN, xray=twice), "Twice")
    pages.show_page(XRAY)
    first, _, second = pages.xray.places
    assert first.options.draws == second.options.draws == 200
    second.set_option("draws", 80)
    assert first.options.draws == 80
    assert pages._studies._wants["X-ray"]["luck"] == {"draws": 80}
    assert [one.params for one in session.experiment.xray] == [{"draws": 80}, {}, {"draws": 80}]
    session.undo_stack.undo()
    assert first.options.draws == second.options.draws == 200
    assert session.experiment.xray == twice


def test_what_a_picture_proposes_is_an_edit(pages: Pages, session: Session) -> None:
    pages.show_page(XRAY)
    add = partial(edits.contender_at, weight_variance=1.5, bias_variance=0.0)
    study(pages, "phase").edit_asked.emit(add, "Add a contender")
    assert len(session.experiment.contenders) == len(SHOWN.contenders) + 1
    assert session.undo_stack.undoText() == "Add a contender"
    session.undo_stack.undo()
    assert session.experiment == SHOWN


def test_what_a_picture_opens_replaces_the_document_and_can_be_undone(
    pages: Pages, session: Session
) -> None:
    pages.show_page(XRAY)
    study(pages, "phase").open_asked.emit(lambda experiment: replace(experiment, title="A cell"))
    assert session.experiment.title == "A cell"
    session.undo_stack.undo()
    assert session.experiment == SHOWN


def test_a_picture_can_let_its_study_wait(pages: Pages) -> None:
    pages.show_page(XRAY)
    study(pages, "luck").rest_asked.emit(True)
    assert pages._studies._resting == {"luck"}
    study(pages, "luck").rest_asked.emit(False)
    assert pages._studies._resting == set()


def test_what_is_found_reaches_its_picture(pages: Pages, session: Session) -> None:
    pages.show_page(XRAY)
    studied = Studied(header=header_of(SHOWN), trouble="It cannot be.")
    pages._studies._put("luck", studied)
    assert study(pages, "luck").studied is studied
    assert study(pages, "phase").studied is None


def test_a_pinned_start_is_wanted_where_it_has_a_place(pages: Pages, session: Session) -> None:
    def shown() -> list[list[str]]:
        return [[pin.name for pin in plot.pins] for plot in pages.xray.plots.values()]

    session.pins.add_start(SHOWN)
    pages.show_page(XRAY)
    assert shown() == [[], [], []], "it is the present one"
    (run,) = pages._studies.pinned._runs
    session.edit(OTHER, "Scheme")
    assert shown() == [["Start 1"]] * 3
    assert run.wants == pages._studies._wants["X-ray"]
    network = (Choice("tanh") if one.key == "relu" else one for one in SHOWN.network)
    tanh = replace(SHOWN, network=tuple(network))
    session.edit(tanh, "Activation")
    pages._studies._put("phase", Studied(header=header_of(tanh)))
    assert run.wants.keys() == {START, "luck"}, "its phase diagram is another one"
    pages.show_page(RACE)
    assert run.wants == {}


def test_what_is_found_of_a_pinned_start_reaches_its_pictures(
    pages: Pages, session: Session
) -> None:
    pinned = pages._studies.pinned
    session.pins.add_start(SHOWN)
    session.edit(OTHER, "Scheme")
    pages.show_page(XRAY)
    plot = pages.xray.plots["activation_std"]
    plot.restart(history_of(OTHER))
    plot.refresh()
    assert "Start 1: not measured yet" in plot.notes
    readings = layers_of(header_of(SHOWN), 7.0)
    for key in ("phase", START, "luck"):
        pinned.ask_next(())
        assert pinned._way is not None
        assert pinned._way.study == key
        pinned.take(Examined(pinned._way.ask, key, Results(values=readings)))
    assert plot.pins[0].history.latest["activation_std"] is readings["activation_std"]
    plot.refresh()
    assert [line.name for line in plot.lines][3:] == [f"Way {at} (Start 1)" for at in range(3)]
    for key in ("phase", "luck"):
        assert study(pages, key).beside == (pinned.of(key, pinned.beside[0]),)
    pages.xray.actions_of["width"].trigger()
    assert study(pages, "width").pins == pinned.beside, "a new picture shows it, too"
    session.pins.clear()
    assert (plot.pins, study(pages, "luck").beside) == ((), ())


def test_a_start_that_takes_long_tells_how_far_it_has_come(pages: Pages) -> None:
    pages.show_page(XRAY)
    header = header_of(SHOWN)
    pages._studies._put(START, Studied(header=header, share=0.4, fresh=False))
    assert pages.status.text() == ""
    pages._late.timeout.emit()
    assert pages.status.text() == "Measuring the start: 40 %"
    pages._studies._put(START, Studied(header=header, share=1.0, results=Results(values={})))
    assert pages.status.text() == ""
    pages._studies._put(START, Studied(header=header, trouble="There is not enough memory."))
    assert pages.status.text() == "There is not enough memory."
    pages.show_page(RACE)
    assert pages.status.text() == ""
