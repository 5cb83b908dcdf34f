"""Which epoch wins."""

from mobench.training.selection import Selection

BASE = {"hit": 0.1}


def offer(selection, *rows):
    return [selection.offer(n, row) for n, row in enumerate(rows, 1)]


def row(valid, imp, hit):
    return {"valid": valid, "imp": imp, "hit": hit}


def test_base_takes_the_largest_ndcg_and_the_first_of_equals():
    selection = Selection()
    assert offer(selection, {"ndcg": 0.1}, {"ndcg": 0.3}, {"ndcg": 0.3}, {"ndcg": 0.2}) == [
        True,
        True,
        False,
        False,
    ]
    assert selection.best_epoch == 2


def test_a_valid_epoch_beats_any_invalid_one():
    selection = Selection(BASE, ("hit",))
    offer(selection, row(False, 9.0, 0.2), row(True, -0.5, 0.1), row(False, 9.0, 0.3))
    assert selection.best_epoch == 2
    assert selection.is_valid


def test_without_a_valid_epoch_the_largest_hit_wins():
    selection = Selection(BASE, ("hit",))
    offer(selection, row(False, 5.0, 0.07), row(False, 0.0, 0.09), row(False, 9.0, 0.08))
    assert selection.best_epoch == 2
    assert not selection.is_valid


def test_among_valid_epochs_imp_decides():
    selection = Selection(BASE, ("hit",))
    offer(selection, row(True, 0.1, 0.2), row(True, 0.3, 0.1), row(True, 0.2, 0.3))
    assert selection.best_epoch == 2


def test_without_metrics_for_imp_hit_decides():
    selection = Selection(BASE, ())
    nan = float("nan")
    offer(selection, row(True, nan, 0.10), row(True, nan, 0.12), row(True, nan, 0.11))
    assert selection.best_epoch == 2
