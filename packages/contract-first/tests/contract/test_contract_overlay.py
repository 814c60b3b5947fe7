"""Overlays change a document as OpenAPI Overlay 1.0 says."""

from copy import deepcopy

import pytest

from contract_first.contract import ContractError
from contract_first.contract.reading.overlay import apply_overlay

PETS = {"cats": {"legs": 4}, "birds": {"legs": 2}}


@pytest.fixture
def overlay():
    """Applies actions to a copy of a document, and returns it."""

    def apply(document, *actions, version="1.0.0"):
        changed = deepcopy(document)
        apply_overlay(changed, {"overlay": version, "info": {}, "actions": list(actions)}, "overlay.yaml")
        return changed

    return apply


@pytest.mark.parametrize(
    ("document", "action", "result"),
    [
        ({"a": 1}, {"target": "$", "update": {"b": 2}}, {"a": 1, "b": 2}),
        (
            {"a": {"b": {"c": 1}}},
            {"target": "$.a", "update": {"b": {"d": 2}}},
            {"a": {"b": {"c": 1, "d": 2}}},
        ),
        ({"a": {"b": 1}}, {"target": "$.a", "update": {"b": {"c": 2}}}, {"a": {"b": {"c": 2}}}),
        ({"a": {"b": [1]}}, {"target": "$.a", "update": {"b": [2]}}, {"a": {"b": [1, 2]}}),
        ({"a": [1]}, {"target": "$.a", "update": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"target": "$.a", "update": [2]}, {"a": [1, [2]]}),
        ({"a": [1]}, {"target": "$.a", "update": None}, {"a": [1, None]}),
        ({"a": [{}, {}]}, {"target": "$.a[1]", "update": {"b": 1}}, {"a": [{}, {"b": 1}]}),
        ({"a": [{}, {}, {}]}, {"target": "$.a[:2]", "update": {"b": 1}}, {"a": [{"b": 1}, {"b": 1}, {}]}),
        ({"a": {"/x/{y}": {}}}, {"target": "$.a['/x/{y}']", "update": {"b": 1}}, {"a": {"/x/{y}": {"b": 1}}}),
        (
            PETS,
            {"target": "$[?@.legs > 2]", "update": {"fur": True}},
            PETS | {"cats": {"legs": 4, "fur": True}},
        ),
        (PETS, {"target": "$[?match(@.legs, '4')]", "update": {"fur": True}}, PETS),
        (PETS, {"target": "$..[?length(@) == 9]", "update": {"fur": True}}, PETS),
        (PETS, {"target": "$.fish", "update": {"legs": 0}}, PETS),
        (PETS, {"target": "$.cats", "remove": True}, {"birds": {"legs": 2}}),
        (PETS, {"target": "$.*.legs", "remove": True}, {"cats": {}, "birds": {}}),
        (PETS, {"target": "$..*", "remove": True}, {}),
        (PETS, {"target": "$.cats", "remove": True, "update": {"legs": 5}}, {"birds": {"legs": 2}}),
        (PETS, {"target": "$.cats", "remove": False, "update": {"legs": 5}}, PETS | {"cats": {"legs": 5}}),
        ({"a": [1, 2, 3, 2]}, {"target": "$.a[?@ == 2]", "remove": True}, {"a": [1, 3]}),
        ({"a": [1, 2, 3]}, {"target": "$.a[2, 0, 0]", "remove": True}, {"a": [2]}),
    ],
)
def test_action(overlay, document, action, result):
    """An action updates or removes each node that its JSONPath selects, and no other."""
    assert overlay(document, action) == result


def test_actions_see_what_came_before(overlay):
    """Each action works on the result of the ones before it."""
    first = {"target": "$", "update": {"fish": {}}}
    assert overlay(PETS, first, {"target": "$.fish", "update": {"legs": 0}})["fish"] == {"legs": 0}


@pytest.mark.parametrize(
    ("condition", "selected"),
    [
        ("match(@.n, 'a.c')", ["abc", "a.c"]),
        ("search(@.n, 'a.c')", ["abc", "a.c", "xabcx"]),
        (r"match(@.n, 'a\\.c')", ["a.c"]),
        ("match(@.n, 'a[.]c')", ["a.c"]),
        ("match(@.n, 'a|abc')", ["abc"]),
        (r"match(@.n, '\\p{Lu}+')", ["ABC"]),
        ("match(@.n, 'a(?=b).*')", []),
        ("match(@.n, 'a{1000}{1000}{1000}')", []),
        ("match(@.n, '(')", []),
        ("match(@.n, 5)", []),
        ("match(@, 'a')", []),
    ],
)
def test_expressions_of_filters(overlay, condition, selected):
    """Filters match texts by expressions of RFC 9485; what is none, and what is no text, matches nothing."""
    names = ["abc", "a.c", "a\nc", "a\rc", "xabcx", "ABC"]
    document = {"a": [{"n": name} for name in names]}
    result = overlay(document, {"target": f"$.a[?{condition}]", "update": {"hit": True}})
    assert [each["n"] for each in result["a"] if "hit" in each] == selected


def test_expressions_that_backtrack(overlay):
    """An expression that others would try in 2 to the 60th ways is none that lasts."""
    document = {"a": [{"n": "a" * 60 + "!"}]}
    for condition in ("match(@.n, '(a+)+')", "search(@.n, '^(a|aa)+$')"):
        assert overlay(document, {"target": f"$.a[?{condition}]", "remove": True}) == document


def test_texts_without_end(overlay, monkeypatch):
    """Expressions count what they look at, for a filter may look at one long text again and again."""
    monkeypatch.setattr("contract_first.contract.reading.overlay.MOST_STEPS", 10_000)
    document = {"text": "b" * 100_000, "a": list(range(20))}
    with pytest.raises(ContractError, match="JSONPaths of the actions look at more than 10000 values"):
        overlay(document, {"target": "$.a[?search($.text, 'a')]", "remove": True})


def test_targets_share_nothing(overlay):
    """What an action puts in two places is two things, and the overlay itself stays as it was."""
    actions = [
        {"target": "$.*", "update": {"tags": {"seen": []}}},
        {"target": "$.cats.tags.seen", "update": "home"},
        {"target": "$.cats.tags", "update": {"seen": ["roof"]}},
    ]
    before = deepcopy(actions)
    changed = overlay(PETS, *actions)
    assert changed["cats"]["tags"] == {"seen": ["home", "roof"]}
    assert changed["birds"]["tags"] == {"seen": []}
    assert actions == before


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"update": {}}, "target is missing"),
        ("remove it", "target is missing"),
        ({"target": 1, "update": {}}, "target is missing"),
        ({"target": "cats", "update": {}}, "expected '\\$'"),
        ({"target": "$.cats[", "update": {}}, "unbalanced brackets"),
        ({"target": "$[?unknown(@)]", "update": {}}, "unknown"),
        ({"target": "$.cats"}, "neither update nor remove"),
        ({"target": "$.cats", "remove": "yes"}, "neither update nor remove"),
        ({"target": "$", "remove": True}, "no document"),
        (
            {"target": "$.cats.legs", "update": {"left": 2}},
            r"\$\['cats'\]\['legs'\] is neither an object nor an",
        ),
        ({"target": "$.cats", "update": [1]}, "update is not an object"),
    ],
)
def test_wrong_action(overlay, action, reason):
    """An action that cannot be applied is named by its place in the overlay, with the reason."""
    with pytest.raises(ContractError, match=f"overlay.yaml#/actions/1: .*{reason}"):
        overlay(PETS, {"target": "$", "update": {}}, action)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/overlay"),
        ({"overlay": "2.0.0", "actions": [{}]}, "/overlay"),
        ({"overlay": "1.0.0"}, "/actions"),
        ({"overlay": "1.0.0", "actions": []}, "/actions"),
        ({"overlay": "1.0.0", "actions": {}}, "/actions"),
    ],
)
def test_no_overlay(document, pointer):
    """A document that is no Overlay 1.0 is refused."""
    with pytest.raises(ContractError, match=f"overlay.yaml#{pointer}: "):
        apply_overlay({}, document, "overlay.yaml")


@pytest.mark.parametrize(
    ("document", "action", "result"),
    [
        ({"a": 1}, {"target": "$.a", "update": 2}, {"a": 2}),
        ({"a": [1, "b"]}, {"target": "$.a[*]", "update": None}, {"a": [None, None]}),
        ({"a": [1]}, {"target": "$.a", "update": [2, 3]}, {"a": [1, 2, 3]}),
        ({"a": [1]}, {"target": "$.a", "update": {"b": 2}}, {"a": [1, {"b": 2}]}),
        (PETS, {"target": "$.birds", "copy": "$.cats"}, {"cats": {"legs": 4}, "birds": {"legs": 4}}),
        (
            PETS,
            {"target": "$.birds.legs", "copy": "$.cats.legs"},
            {"cats": {"legs": 4}, "birds": {"legs": 4}},
        ),
        ({"a": [1], "b": [2]}, {"target": "$.a", "copy": "$.b"}, {"a": [1, 2], "b": [2]}),
        ({"a": {"b": 1}}, {"target": "$", "copy": "$.a"}, {"a": {"b": 1}, "b": 1}),
        (PETS, {"target": "$.fish", "copy": "$.cats"}, PETS),
        (PETS, {"target": "$.cats", "remove": True, "copy": "$.birds"}, {"birds": {"legs": 2}}),
        (PETS, {"target": "$[?(@.legs == 4)]", "remove": True}, {"birds": {"legs": 2}}),
    ],
)
@pytest.mark.parametrize("version", ["1.1.0", "1.2.0"])
def test_action_of_11(overlay, document, action, result, version):
    """From 1.1 on parts are copied, primitive values replaced and arrays concatenated."""
    assert overlay(document, action, version=version) == result


def test_a_copy_is_not_shared(overlay):
    """What was copied changes no more with what it was copied from."""
    actions = [
        {"target": "$.birds", "copy": "$.cats"},
        {"target": "$.cats", "update": {"legs": 3}},
    ]
    assert overlay(PETS, *actions, version="1.1.0") == {"cats": {"legs": 3}, "birds": {"legs": 4}}


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"target": "$.cats"}, "neither update nor copy nor remove"),
        ({"target": "$.cats", "copy": "$.fish"}, "copy selects 0 nodes"),
        ({"target": "$.cats", "copy": "$.*"}, "copy selects 2 nodes"),
        ({"target": "$.cats.legs", "update": {}}, "update is an object, and the target .* is primitive"),
        ({"target": "$.cats", "update": {"legs": [4]}}, "'legs' is primitive, and an array in the update"),
        ({"target": "$..*", "update": 1}, "nodes of several kinds"),
    ],
)
def test_wrong_action_of_11(overlay, action, reason):
    """What is merged must be of one kind, and a copy of one node."""
    with pytest.raises(ContractError, match=f"overlay.yaml#/actions/0: .*{reason}"):
        overlay(PETS, action, version="1.1.0")


REUSABLE = {"actions": {"a/b": {"description": "", "fields": {"description": "", "update": {"tail": True}}}}}


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ({"target": "$.cats"}, PETS | {"cats": {"legs": 4, "tail": True}}),
        ({"target": "$.cats", "description": ""}, PETS | {"cats": {"legs": 4, "tail": True}}),
        ({"target": "$.cats", "update": {"tail": 1}}, PETS | {"cats": {"legs": 4, "tail": 1}}),
        ({"target": "$.*"}, {"cats": {"legs": 4, "tail": True}, "birds": {"legs": 2, "tail": True}}),
    ],
)
def test_reusable_action(action, result):
    """A reference to a reusable action has its fields, but for those that it has itself."""
    changed = deepcopy(PETS)
    actions = [{"$ref": "#/components/actions/a~1b", **action}]
    apply_overlay(changed, {"overlay": "1.2.0", "components": REUSABLE, "actions": actions}, "overlay.yaml")
    assert changed == result


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("#/components/actions/c", "leads to no reusable action: there is no 'c'"),
        ("#/components/actions/a/b", "leads to no reusable action: there is no 'a'"),
        ("#/actions/0", "expected #/components/actions/NAME"),
        (1, "expected #/components/actions/NAME"),
    ],
)
def test_wrong_reference_to_a_reusable_action(reference, reason):
    """A reference that leads to no reusable action is named by its place in the overlay."""
    actions = [{"$ref": reference, "target": "$.cats"}]
    overlay = {"overlay": "1.2.0", "components": REUSABLE, "actions": actions}
    with pytest.raises(ContractError, match=f"overlay.yaml#/actions/0: .*{reason}"):
        apply_overlay(deepcopy(PETS), overlay, "overlay.yaml")


def test_a_removal_by_search():
    """A target may select what is removed at any depth: responses of one status, properties of one type."""
    schema = {
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "tag": {"type": "string"}}
    }
    response = {"content": {"application/json": {"schema": {"type": "array", "items": schema}}}}
    document = {
        "paths": {
            "/pets": {"get": {"responses": {"200": response, "500": {}, "default": {}}}},
            "/cats": {"post": {"responses": {"201": {}, "500": {}}}},
        }
    }
    actions = [
        {"target": "$.paths..responses['500']", "remove": True},
        {"target": "$.paths..responses['default']", "remove": True},
        {"target": "$.paths['/pets'].get..properties[?(@.type == 'string')]", "remove": True},
    ]
    apply_overlay(document, {"overlay": "1.0.0", "actions": actions}, "overlay.yaml")
    assert document["paths"]["/pets"]["get"]["responses"] == {"200": response}
    assert document["paths"]["/cats"]["post"]["responses"] == {"201": {}}
    assert schema == {"properties": {"age": {"type": "integer"}}}


@pytest.mark.parametrize(
    "target",
    ["$..b", "$.a[*].b", "$.a[0, 1].b", "$[?@..b].b", "$.a[?$.a[?1 == 2]].b", "$.a[?count($.a[*]) > 99]"],
)
def test_searches_without_end(overlay, monkeypatch, target):
    """What JSONPaths look at is bounded over all actions, whether or not they select it."""
    monkeypatch.setattr("contract_first.contract.reading.overlay.MOST_STEPS", 4000)
    document = {"a": {str(number): {} for number in range(50)}}
    action = {"target": target, "update": {"c": 1}}
    with pytest.raises(ContractError, match="JSONPaths of the actions look at more than 4000 values"):
        overlay(document, *[action] * 3000)
    copy = {"target": "$", "copy": "$..['0']"}
    with pytest.raises(ContractError, match="JSONPaths of the actions look at more than 4000 values"):
        overlay(document, *[copy] * 3000, version="1.1.0")
    names = [{"target": "$.a['0']", "update": {"c": 1}}] * 3000
    assert overlay(document, *names)["a"]["0"] == {"c": 1}


@pytest.mark.parametrize(
    "action",
    [
        {"target": f"$.a[{','.join('*' * 21)}]", "update": {}},
        {"target": "$.a.*", "update": {"b": [{}] * 20}},
        {"target": "$.a.*", "copy": "$.a"},
    ],
)
def test_actions_that_multiply(overlay, monkeypatch, action):
    """An overlay makes no more changes than a document may have parts."""
    monkeypatch.setattr("contract_first.contract.reading.overlay.MOST_CHANGES", 1000)
    document = {"a": {str(number): {} for number in range(50)}}
    with pytest.raises(ContractError, match="the actions make more than 1000 changes"):
        overlay(document, action, version="1.1.0")
    assert overlay(document, {"target": "$.a.*", "update": {"b": 1}})["a"]["7"] == {"b": 1}
