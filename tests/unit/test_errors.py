import inspect

from mobench import errors
from mobench.errors import MobenchError, suggest

CODES = {
    "ConfigError": 2,
    "DataError": 3,
    "ArtifactError": 4,
    "TrainingError": 5,
    "ToleranceError": 6,
    "Interrupted": 130,
}


def test_every_error_has_its_own_documented_exit_code() -> None:
    classes = [
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, MobenchError) and one is not MobenchError
    ]
    assert {one.__name__: one.exit_code for one in classes} == CODES
    assert len(set(CODES.values())) == len(CODES)
    assert not {0, 1} & set(CODES.values())
    assert all(one.__doc__ for one in classes)


def test_an_error_carries_message_hint_and_facts() -> None:
    error = errors.DataError("wrong", "right", facts={"rows": 3})
    assert (str(error), error.message, error.hint, error.facts) == (
        "wrong",
        "wrong",
        "right",
        {"rows": 3},
    )
    assert errors.DataError("wrong").hint is None
    assert errors.DataError("wrong").facts == {}


def test_only_a_close_miss_is_suggested() -> None:
    assert suggest("fare", ["acc", "rev", "fair"]) == "did you mean 'fair'? "
    assert suggest("xyz", ["acc", "rev", "fair"]) == ""
