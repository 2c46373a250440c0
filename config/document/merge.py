"""Merges a stronger layer into a weaker one. Four rules: maps merge, lists replace, `!append` adds, null removes.

The merge is associative, and a layer merged with itself is itself (unless it appends): so the order in which layers
are folded does not matter, and a domain merged once serves all its tenants. To keep it so, a removed value leaves a
null behind until `settle` takes it out.
"""

from config.document.tree import Node, Scalar, Sequence, Table


def merge(weak: Node, strong: Node) -> Node:
    """The two layers as one. Neither is changed; what is inherited unchanged is the very same node."""
    if isinstance(strong, Table):
        return _merge_table(weak, strong)
    if isinstance(strong, Sequence) and strong.append:
        if isinstance(weak, Sequence):
            return Sequence(strong.mark, [*weak.items, *strong.items], weak.append)
        return Sequence(strong.mark, strong.items)
    return strong


def _merge_table(weak: Node, strong: Table) -> Node:
    if not isinstance(weak, Table):
        return Table(strong.mark, strong.items, strong.keys, fresh=True)
    if strong.fresh or not weak.items:
        return strong if strong.fresh or not weak.fresh else Table(strong.mark, strong.items, strong.keys, fresh=True)
    if not strong.items:
        return weak
    items, keys = dict(weak.items), {**weak.keys, **strong.keys}
    for key, value in strong.items.items():
        items[key] = merge(items[key], value) if key in items else value
    return Table(strong.mark, items, keys, weak.fresh)


def drop_nulls(node: Node) -> Node:
    """The merged tree as it will be read: without the nulls that removed something, and with no marks of the merge.

    Subtrees with nothing to settle are shared with the merged tree.
    """
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Sequence):
        items = [drop_nulls(item) for item in node.items]
        same = not node.append and all(a is b for a, b in zip(items, node.items, strict=True))
        return node if same else Sequence(node.mark, items)
    kept = {key: drop_nulls(item) for key, item in node.items.items() if not is_null(item)}
    same = len(kept) == len(node.items) and all(kept[key] is node.items[key] for key in kept)
    return node if same and not node.fresh else Table(node.mark, kept, node.keys)


def is_null(node: Node) -> bool:
    """A null that an operator wrote (not one that stands for a value which could not be read)."""
    return isinstance(node, Scalar) and node.value is None and not node.failed
