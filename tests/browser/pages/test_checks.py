"""Checks that are made together are told of together."""

import pytest

from tests.browser.checks import Checks


def two_of_three_fail() -> None:
    with Checks("/mlp, dark") as check:
        with check("the first"):
            assert [1] == []
        with check("the second"):
            assert True
        with check("the third"):
            raise AssertionError("no third")


def stopped_after_a_fault() -> None:
    with Checks("/mlp") as check:
        with check("the first"):
            raise AssertionError("no first")
        with check("the second"):
            raise KeyError("gone")


def test_what_failed_is_told_with_the_page_and_the_name_of_each_check():
    with pytest.raises(AssertionError) as told:
        two_of_three_fail()
    for words in ("/mlp, dark", "the first: ", "[1]", "the third: no third"):
        assert words in str(told.value)
    assert "the second" not in str(told.value)


def test_what_stops_a_page_is_told_with_what_had_failed_before():
    with pytest.raises(KeyError) as told:
        stopped_after_a_fault()
    assert "the first: no first" in told.value.__notes__[0]
