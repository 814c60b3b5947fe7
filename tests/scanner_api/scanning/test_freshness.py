import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.catalogue.freshness import (
    ANY_BRICK,
    FreshnessRule,
    RuleError,
    read_rules,
    shipped_rules,
    thresholds,
)
from scanner_api.scanning.catalogue.rows import BadRow

MILK = "10000025"
OWN_MILK = {MILK: FreshnessRule(MILK, "Our milk", 4, 2)}
OWN_ANY = {ANY_BRICK: FreshnessRule(ANY_BRICK, "Our food", 6, 3)}
MILK_FOR_ALL = {MILK: FreshnessRule(MILK, "Milk", 3, 1)}
ANY_FOR_ALL = {ANY_BRICK: FreshnessRule(ANY_BRICK, "Groceries", 7, 2)}


def read(content):
    """Return what a CSV file with this text holds."""
    return list(read_rules(io.BytesIO(content.encode()), "rules.csv"))


@pytest.mark.parametrize(
    ("brick", "organization", "everyone", "response"),
    [
        (MILK, OWN_MILK | OWN_ANY, MILK_FOR_ALL | ANY_FOR_ALL, (4, 2, "Our milk", "org-override")),
        (MILK, OWN_ANY, MILK_FOR_ALL | ANY_FOR_ALL, (6, 3, "Our food", "org-fallback")),
        (MILK, {}, MILK_FOR_ALL | ANY_FOR_ALL, (3, 1, "Milk", "global-default")),
        (MILK, {}, ANY_FOR_ALL, (7, 2, "Groceries", "global-fallback")),
        (MILK, {}, {}, (7, 2, "Food and drink", "built-in")),
        ("", OWN_MILK | OWN_ANY, MILK_FOR_ALL, (6, 3, "Our food", "org-fallback")),
        ("", OWN_MILK, MILK_FOR_ALL | ANY_FOR_ALL, (7, 2, "Groceries", "global-fallback")),
        ("", {}, {}, (7, 2, "Food and drink", "built-in")),
        ("10000028", OWN_MILK, MILK_FOR_ALL, (7, 2, "Food and drink", "built-in")),
    ],
)
def test_the_first_layer_with_a_rule_counts(brick, organization, everyone, response):
    """An organization's rules go before everyone's, and the rule of a brick before the one for any."""
    source, rule = thresholds(brick, organization, everyone)
    assert (rule.warning_days, rule.critical_days, rule.category_label, source) == response


@given(st.text(), st.booleans(), st.booleans())
def test_there_is_always_a_response(brick, own, shared):
    """Any brick, known or not, gets thresholds that keep their promise."""
    _, rule = thresholds(brick, OWN_ANY if own else {}, MILK_FOR_ALL if shared else {})
    assert 0 <= rule.critical_days <= rule.warning_days
    assert rule.category_label


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (("1", "Milk", 3, 1), "brick"),
        (("20000025", "Milk", 3, 1), "brick"),
        ((MILK, "", 3, 1), "label"),
        ((MILK, "  ", 3, 1), "label"),
        ((MILK, "x" * 101, 3, 1), "label"),
        ((MILK, "Milk", 1, 3), "critical_days <= warning_days"),
        ((MILK, "Milk", 3, -1), "0 <= critical_days"),
        ((MILK, "Milk", 3651, 1), "<= 3650"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(rule, message):
    """No rule can break what the thresholds promise."""
    with pytest.raises(RuleError, match=message):
        FreshnessRule(*rule)


def test_rules_are_read_and_bad_ones_reported():
    """A file's good rows become rules, and its bad ones are reported with their lines."""
    rows = read(
        "brick,category,warning_days,critical_days\n"
        "10000025,Milk, 3 ,1\n,Anything,5,5\n10000028,Cheese,x,1\n10000028,,2,1\n10000028,Cheese,1\n"
    )
    assert rows == [
        FreshnessRule(MILK, "Milk", 3, 1),
        FreshnessRule(ANY_BRICK, "Anything", 5, 5),
        BadRow(4, "warning_days must be a whole number of days from 0 to 3650."),
        BadRow(5, "A category label has 1 to 100 characters."),
        BadRow(6, "The line has 3 fields, the header has 4."),
    ]


def test_a_missing_column_is_reported_on_each_row():
    """Without a column of days no row is a rule."""
    assert read("brick,category,warning_days\n10000025,Milk,3\n") == [
        BadRow(2, "critical_days must be a whole number of days from 0 to 3650.")
    ]


def test_the_shipped_rules_are_sound():
    """Every shipped row is a rule, none is there twice, and one is for any brick."""
    rules = list(shipped_rules())
    bricks = [rule.brick for rule in rules]
    assert len(set(bricks)) == len(rules) >= 60
    assert ANY_BRICK in bricks
