"""Where a module of models differs from what its contract says; how it is laid out makes no difference."""

import ast
from collections.abc import Iterator

UNSAID = "model_config"


def differences(expected: str, actual: str) -> Iterator[str]:
    """Yield the differences of two modules in sentences; classes and methods of one's own are none.

    Args:
        expected: the source that the contract makes.
        actual: the source that there is.

    Raises:
        SyntaxError: that is no Python.
    """
    models, types = _declared(ast.parse(actual)), _declared(ast.parse(expected))
    for name, members in types.items():
        if name not in models:
            yield f"{name}: is in the contract alone"
            continue
        for member, meaning in members.items():
            if member not in models[name]:
                yield f"{name}{member}: is in the contract alone"
            elif models[name][member] != meaning:
                yield f"{name}{member}: expected {meaning}, got {models[name][member]}"
        for member in models[name].keys() - members.keys():
            yield f"{name}{member}: is not in the contract"


def _declared(module: ast.Module) -> dict[str, dict[str, str]]:
    """Return what is declared, the attributes of each class and the meaning of each alias, by name."""
    declared: dict[str, dict[str, str]] = {}
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                tags = [keyword for keyword in node.keywords if keyword.arg in {"tag", "tag_field"}]
                declared[name] = {f" {keyword.arg}": ast.unparse(keyword.value) for keyword in tags}
                declared[name] |= dict(_attributes(node))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[_, ast.Dict() as members])):
                keys = map(ast.unparse, filter(None, members.keys))
                meanings = map(_meaning, members.values)
                declared[name] = {f"[{key}]": meaning for key, meaning in zip(keys, meanings, strict=True)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                declared[name] = {"": _meaning(value)}
    return declared


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line in node.body:
        match line:
            case ast.AnnAssign(target=ast.Name(id=name)) if name != UNSAID:
                default = "" if line.value is None else f" = {ast.unparse(line.value)}"
                yield f".{name}", _meaning(line.annotation) + default


def _meaning(annotation: ast.expr) -> str:
    return ast.unparse(_Unquoted().visit(annotation))


class _Unquoted(ast.NodeTransformer):
    """Takes types out of quotes, and sorts the alternatives of a union."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, str):
            return self._visited(ast.parse(node.value, mode="eval").body)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if ast.unparse(node.value) not in {"Literal", "typing.Literal"}:
            node.slice = self._visited(node.slice)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        members = sorted(set(map(ast.unparse, self._alternatives(node))))
        return ast.parse(" | ".join(members), mode="eval").body

    def _alternatives(self, node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp):
            yield from self._alternatives(node.left)
            yield from self._alternatives(node.right)
        else:
            yield self._visited(node)

    def _visited(self, node: ast.expr) -> ast.expr:
        visited = self.visit(node)
        return visited if isinstance(visited, ast.expr) else node
