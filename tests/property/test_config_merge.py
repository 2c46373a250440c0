"""The four rules of inheritance, whatever the layers hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from config.document.merge import drop_nulls, merge
from config.document.tree import Mark, Node, Scalar, Sequence, Table, leaves, plain

HERE = Mark("layer.yaml", 1, 1)
KEYS = st.sampled_from("abc")
SCALARS = st.sampled_from([None, True, 1, "x", "y"]).map(lambda value: Scalar(HERE, value, str(value)))


def _table(items: dict[str, Node]) -> Table:
    return Table(HERE, items, dict.fromkeys(items, HERE))


def _nodes(append: bool) -> st.SearchStrategy[Node]:
    flags = st.booleans() if append else st.just(False)
    lists = st.builds(lambda items, flag: Sequence(HERE, items, flag), st.lists(SCALARS, max_size=3), flags)
    return st.recursive(
        SCALARS | lists, lambda inner: st.dictionaries(KEYS, inner, max_size=3).map(_table), max_leaves=8
    )


LAYERS = st.dictionaries(KEYS, _nodes(append=True), max_size=3).map(_table)
PLAIN_LAYERS = st.dictionaries(KEYS, _nodes(append=False), max_size=3).map(_table)


@given(LAYERS, LAYERS, LAYERS)
@settings(max_examples=500)
def test_layers_may_be_folded_from_either_end(a: Table, b: Table, c: Table) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(LAYERS, LAYERS, LAYERS)
@settings(max_examples=300)
def test_what_is_read_does_not_depend_on_the_folding_either(a: Table, b: Table, c: Table) -> None:
    assert plain(drop_nulls(merge(merge(a, b), c))) == plain(drop_nulls(merge(a, merge(b, c))))


@given(PLAIN_LAYERS, PLAIN_LAYERS)
def test_a_layer_that_appends_nothing_may_be_applied_twice(a: Table, b: Table) -> None:
    once = merge(a, b)
    assert plain(drop_nulls(merge(once, b))) == plain(drop_nulls(once))


@given(LAYERS)
def test_an_empty_layer_changes_nothing(a: Table) -> None:
    assert merge(a, _table({})) == a
    assert plain(drop_nulls(merge(_table({}), a))) == plain(drop_nulls(a))


@given(LAYERS, LAYERS)
def test_no_layer_is_changed_and_no_null_is_left(a: Table, b: Table) -> None:
    before = (plain(a), plain(b))
    read = drop_nulls(merge(a, b))
    assert (plain(a), plain(b)) == before
    assert not [path for path, scalar in leaves(read) if scalar.value is None and not path[-1].isdigit()]


def test_the_four_rules() -> None:
    def said(**items: object) -> Table:
        return _table({key: _node(value) for key, value in items.items()})

    def _node(value: object) -> Node:
        if isinstance(value, dict):
            return said(**value)
        if isinstance(value, tuple):
            return Sequence(HERE, [_node(each) for each in value], append=True)
        if isinstance(value, list):
            return Sequence(HERE, [_node(each) for each in value])
        return Scalar(HERE, value, str(value))  # type: ignore[arg-type]

    weak = said(map={"a": 1, "b": 2}, list=[1, 2], more=[1], gone="x", stays="y")
    strong = said(map={"b": 3}, list=[9], more=(2,), gone=None, new={"inner": None, "kept": 1})
    assert plain(drop_nulls(merge(weak, strong))) == {
        "map": {"a": 1, "b": 3},
        "list": [9],
        "more": [1, 2],
        "stays": "y",
        "new": {"kept": 1},
    }


def test_what_came_back_after_a_null_does_not_bring_the_old_along() -> None:
    a = _table({"k": _table({"x": Scalar(HERE, 1, "1")})})
    b = _table({"k": Scalar(HERE, None, "")})
    c = _table({"k": _table({"y": Scalar(HERE, 2, "2")})})
    assert plain(drop_nulls(merge(merge(a, b), c))) == {"k": {"y": 2}}
