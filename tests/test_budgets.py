"""To which topic a test belongs, and what is said of one that takes too long."""

from types import SimpleNamespace

import pytest

from tests.budgets import Budgets


@pytest.mark.parametrize(
    ("test", "topic"),
    [
        ("tests/topics/alpha/test_model.py::test_a", "alpha"),
        ("tests/test_alpha.py::test_a", "alpha"),
        ("tests/test_alpha_page.py::test_a[x]", "alpha"),
        ("tests/test_alphabet.py::test_a", ""),
        ("tests/browser/pages/test_looks.py::test_a[beta-light]", "beta"),
        ("tests/browser/pages/test_looks.py::test_a[light-alpha_two-en]", "alpha_two"),
        ("tests/browser/test_alpha_two.py::test_a[beta]", "alpha_two"),
        ("tests/test_house.py::test_a[alphabet-1]", ""),
        ("tests/test_house.py::test_a", ""),
    ],
)
def test_a_test_belongs_to_the_topic_that_it_names(test, topic):
    assert Budgets(["alpha", "alpha_two", "beta"]).topic_of(test) == topic


def test_a_topic_over_its_budget_is_named():
    budgets = Budgets(["alpha", "beta"])
    for test, when, seconds in [
        ("tests/test_alpha.py::test_a", "setup", 10.0), ("tests/test_alpha.py::test_a", "call", 40.0),
        ("tests/test_house.py::test_a[alpha]", "setup", 100.0), ("tests/test_house.py::test_a[alpha]", "call", 20.0),
        ("tests/browser/pages/test_looks.py::test_a[beta]", "call", 39.0),
        ("tests/test_house.py::test_a", "call", 400.0),
    ]:  # fmt: skip
        budgets.pytest_runtest_logreport(SimpleNamespace(nodeid=test, when=when, duration=seconds))
    lines = [" ".join(line.split()) for line in budgets.lines()]
    assert lines[:3] == [
        "70 s alpha without a browser OVER ITS BUDGET OF 60 s", "39 s beta with a browser",
        "500 s the house without a browser",
    ]  # fmt: skip
    assert lines[4] == "520 s tests/test_house.py"
