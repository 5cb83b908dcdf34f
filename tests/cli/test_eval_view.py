"""What eval says of a run beside its base."""

from typing import Any

import pytest

from mobench.cli.views.metrics import beside_base, kept


def comparison(**changed: Any) -> dict[str, Any]:
    row = {"metric": "hit", "base": 0.2, "run": 0.22, "change": 0.1, "change_low": 0.01}
    row |= {"change_high": 0.2, "p": 0.01} | changed
    found: dict[str, Any] = {"imp": 0.1, "imp_low": 0.05, "imp_high": 0.15, "metrics": [row]}
    limits = {"accuracy_kept": 0.98, "accuracy_kept_low": 0.96, "accuracy_kept_high": 1.0}
    return found | limits | {"validity": "undecided"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "better, p 0.010"),
        ({"p": 0.0004}, "better, p < 0.001"),
        ({"change": -0.1}, "worse, p 0.010"),
        ({"p": 0.05}, ""),
        ({"p": None}, ""),
        ({"change": None}, ""),
    ],
)
def test_better_and_worse_need_a_test(changed: dict[str, Any], words: str) -> None:
    line = beside_base(comparison(**changed))[2]
    assert line.startswith(" Hit")
    assert line.partition(" %" if changed.get("change", 1) else "—")[2].strip() == words


def test_an_evaluation_of_before_has_no_p_and_is_shown() -> None:
    old = comparison()
    del old["metrics"][0]["p"], old["validity"]
    lines = beside_base(old)
    assert "better" not in lines[2]
    assert lines[-1] == "Hit kept 98.0 % (96.0 % to 100.0 %) ≥ 97 %: valid"


@pytest.mark.parametrize(
    ("value", "validity", "words"),
    [
        (0.98, "valid", "≥ 97 %: valid"),
        (0.98, "undecided", "≥ 97 %: valid by value, undecided by interval"),
        (0.96, "undecided", "< 97 %: not valid by value, undecided by interval"),
        (0.9, "invalid", "< 97 %: not valid"),
        (None, "invalid", "< 97 %: not valid"),
    ],
)
def test_validity_in_words(value: float | None, validity: str, words: str) -> None:
    line = kept(comparison() | {"accuracy_kept": value, "validity": validity})
    assert line.endswith(words)
    assert len(line) <= 88
