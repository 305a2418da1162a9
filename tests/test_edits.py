"""Edits of contenders and choices, without Qt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from initstudio import edits
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Rule
from initstudio.presets import ARTICLE
from initstudio.schemes import SCHEMES


@given(st.integers(1, 12), st.data())
def test_a_move_keeps_everything_and_the_order_of_both_parts(
    count: int, data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    to = data.draw(st.integers(0, count))
    order = edits.moved(count, chosen, to)
    assert sorted(order) == list(range(count))
    assert [at for at in order if at in chosen] == sorted(chosen)
    assert [at for at in order if at not in chosen] == [
        at for at in range(count) if at not in chosen
    ]
    before = [at for at in order[: order.index(min(chosen))] if at not in chosen]
    assert before == [at for at in range(to) if at not in chosen]


def test_contenders_get_free_slots_and_their_own_names() -> None:
    experiment = edits.remove_contenders(ARTICLE, [1])
    assert edits.next_slot(experiment) == 1
    added = edits.add_contender(experiment, "Xavier", Choice("xavier_normal"), Choice("zeros"))
    assert [(one.name, one.slot) for one in added.contenders] == [
        ("Xavier", 0),
        ("Normal", 2),
        ("Xavier 2", 1),
    ]
    copied = edits.duplicate_contender(added, 0)
    assert [(one.name, one.slot) for one in copied.contenders][:2] == [
        ("Xavier", 0),
        ("Xavier 3", 3),
    ]
    assert copied.contenders[1].rules == copied.contenders[0].rules


def test_there_are_no_more_contenders_than_colours() -> None:
    experiment = ARTICLE
    while len(experiment.contenders) < MAX_CONTENDERS:
        experiment = edits.duplicate_contender(experiment, 0)
    assert {one.slot for one in experiment.contenders} == set(range(MAX_CONTENDERS))
    assert len({one.name for one in experiment.contenders}) == MAX_CONTENDERS
    with pytest.raises(ExperimentError, match="16 contenders already"):
        edits.duplicate_contender(experiment, 0)
    with pytest.raises(ExperimentError, match="16 contenders already"):
        edits.add_contender(experiment, "One", Choice("ones"), Choice("zeros"))


def test_renaming() -> None:
    assert edits.rename_contender(ARTICLE, 0, "  A   b ").contenders[0].name == "A b"
    assert edits.rename_contender(ARTICLE, 0, "Normal").contenders[0].name == "Normal 2"
    assert edits.rename_contender(ARTICLE, 0, "Xavier") == ARTICLE
    assert edits.rename_contender(ARTICLE, 0, "  ") == ARTICLE
    long = edits.rename_contender(ARTICLE, 0, "x" * 99)
    assert edits.rename_contender(long, 1, "x" * 99).contenders[1].name == "x" * 58 + " 2"


def test_hiding_and_reordering_change_no_run() -> None:
    assert edits.set_hidden(ARTICLE, 1, hidden=True).work() == ARTICLE.work()
    moved = edits.move_contenders(ARTICLE, [2], 0)
    assert [one.name for one in moved.contenders] == ["Normal", "Xavier", "Kaiming"]


def test_a_scheme_is_set_and_rules_from_a_file_are_kept() -> None:
    rule = Rule(role="weight", scheme=Choice("ones"), position=(0,))
    first = ARTICLE.contenders[0]
    ruled = edits.remove_contenders(ARTICLE, [0, 1, 2])
    ruled = replace(ruled, contenders=(replace(first, rules=(*first.rules, rule)),))
    changed = edits.set_scheme(ruled, 0, "weight", Choice("ones"))
    assert changed.contenders[0].rules[0].scheme == Choice("ones")
    assert changed.contenders[0].rules[1:] == ruled.contenders[0].rules[1:]
    assert edits.other_rules(changed.contenders[0]) == [2]
    only = replace(ruled.contenders[0], rules=ruled.contenders[0].rules[2:])
    bare = replace(ruled, contenders=(only,))
    assert edits.general_rule(only, "weight") is None
    added = edits.set_scheme(bare, 0, "weight", Choice("zeros"))
    assert [rule.scheme.key for rule in added.contenders[0].rules] == ["zeros", "ones"]


def test_another_entry_keeps_the_values_that_it_takes() -> None:
    kaiming = Choice("kaiming_uniform", {"mode": "fan_out", "a": 0.1})
    assert edits.rechosen(kaiming, SCHEMES["kaiming_normal"]).params == kaiming.params
    assert edits.rechosen(kaiming, SCHEMES["xavier_uniform"]) == Choice("xavier_uniform")
    kept = edits.rechosen(Choice("normal", {"std": 0.0, "mean": 1.0}), SCHEMES["truncated_normal"])
    assert kept == Choice("truncated_normal", {"mean": 1.0})  # its std is above 0


def test_rules_are_added_changed_moved_and_removed() -> None:
    one, two = (Rule(role="weight", scheme=Choice("ones"), layer=key) for key in ("linear", "lstm"))
    added = edits.add_rule(edits.add_rule(ARTICLE, 1, one), 1, two)
    assert added.contenders[1].rules[2:] == (one, two)
    assert edits.other_rules(added.contenders[1]) == [2, 3]
    changed = edits.set_rule_scheme(added, 1, 2, Choice("zeros"))
    assert changed.contenders[1].rules[2] == replace(one, scheme=Choice("zeros"))
    assert edits.move_rule(added, 1, 2, 1).contenders[1].rules[2:] == (two, one)
    assert edits.move_rule(added, 1, 3, 9) == added
    assert edits.remove_rule(edits.remove_rule(added, 1, 3), 1, 2) == ARTICLE


def test_a_general_rule_can_become_the_only_one_for_its_role() -> None:
    special = Rule(role="weight", scheme=Choice("ones"), layer="linear")
    bias = Rule(role="bias", scheme=Choice("ones"), layer="linear")
    changed = edits.add_rule(edits.add_rule(ARTICLE, 1, special), 1, bias)
    one = edits.only_general(changed, 1, "weight")
    assert one.contenders[1].rules == (*ARTICLE.contenders[1].rules, bias)
    assert one.contenders[0] == ARTICLE.contenders[0]
