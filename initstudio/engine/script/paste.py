"""Source of ours for a script that knows nothing of us: functions with all that they need.

A function is taken from its module's text, with the constants, functions and classes that it names,
however many modules those come from. Type hints are left out; comments are, too.
"""

import ast
import copy
import importlib
import inspect
from dataclasses import dataclass, field
from functools import cache

OURS = "initstudio"


class CannotPasteError(Exception):
    """A piece of source cannot stand by itself; the text says which and why."""


@dataclass
class Pasted:
    """What a script has taken over so far: `imports` and `blocks`, in an order that runs."""

    imports: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    """Our modules that something was taken from."""
    own_texts: dict[str, str] = field(default_factory=dict)
    """What each text of a person's own is called."""
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def take(self, thing: object) -> str:
        """Take over a function or a class of ours and return its name in the script.

        Raises:
            CannotPasteError: It, or something that it needs, has no text of its own.
        """
        module, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        if not name.isidentifier():
            message = f"{name or thing!r} has no name of its own in {module or 'any module'}"
            raise CannotPasteError(message)
        return self.take_name(module, name)

    def take_name(self, module: str, name: str) -> str:
        """Take over what a module of ours calls `name`."""
        key = (module, name)
        if key in self._names:
            return self._names[key]
        node = bindings(module).get(name)
        match node:
            case None:
                message = f"{module} has no {name}"
                raise CannotPasteError(message)
            case ast.ImportFrom(module=str(source)) if source.split(".")[0] == OURS:
                return self.take_name(source, _original(node, name))
            case ast.Import() | ast.ImportFrom():
                self.bring(_import_line(node, name))
                return name
            case ast.Assign(value=ast.Call(args=[ast.Constant(value=str(lazy))])) if _is_lazy(node):
                self.bring(f"import {lazy}" if lazy == name else f"import {lazy} as {name}")
                return name
            case _:
                return self._write(node, module, name)

    def bring(self, line: str) -> None:
        """Have the script import something."""
        if line not in self.imports:
            self.imports.append(line)

    def own(self, wanted: str) -> str:
        """Return a name that nothing in the script has yet, and keep it."""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name

    def _write(self, node: ast.stmt, module: str, name: str) -> str:
        self.modules.add(module)
        new = self._names[module, name] = self.own(name)
        node = copy.deepcopy(node)
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                node.name = new
            case ast.Assign(targets=[target]):
                node.targets = [ast.Name(new, ast.Store())]
                del target
            case ast.AnnAssign(value=ast.expr() as value):
                node = ast.Assign([ast.Name(new, ast.Store())], value)
            case _:
                message = f"{module}.{name} is neither a function, a class nor a constant"
                raise CannotPasteError(message)
        written = _Rewriter(self, module).visit(node)
        self.blocks.append(ast.unparse(ast.fix_missing_locations(written)))
        return new


@cache
def bindings(module: str) -> dict[str, ast.stmt]:
    """Return what each name at the top of a module is bound by."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    found: dict[str, ast.stmt] = {}
    for node in _statements(tree.body):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {one.asname or one.name.split(".")[0]: node for one in names}
    return found


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that count at run time: not those for type checkers."""
    found = []
    for node in body:
        if isinstance(node, ast.If):
            found += _statements(node.orelse)
        else:
            found.append(node)
    return found


class _Rewriter(ast.NodeTransformer):
    """Takes over what a piece of source names, and drops its type hints."""

    def __init__(self, pasted: Pasted, module: str) -> None:
        self._pasted = pasted
        self._module = module
        self._scopes: list[set[str]] = []
        self._in_class = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        every += [one for one in (node.args.vararg, node.args.kwarg) if one]
        for one in every:
            one.annotation = None
        node.returns = None
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        node.args.kw_defaults = [one and self.visit(one) for one in node.args.kw_defaults]
        inside, self._in_class = self._in_class, False
        self._scopes.append({one.arg for one in every} | _stored(node.body))
        node.body = [self.visit(one) for one in node.body]
        self._scopes.pop()
        self._in_class = inside
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._scopes.append({one.arg for one in (*node.args.args, *node.args.kwonlyargs)})
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        node.bases = [self.visit(one) for one in node.bases]
        inside, self._in_class = self._in_class, True
        self._scopes.append(_stored(node.body))
        node.body = [self.visit(one) for one in node.body]
        self._scopes.pop()
        self._in_class = inside
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if self._in_class:  # a field, which is one by its hint
            node.annotation = ast.Name("object", ast.Load())
            node.value = self.visit(node.value) if node.value else None
            return node
        if node.value is None:
            return ast.Pass()
        return self.visit(ast.Assign([node.target], node.value))  # type: ignore[no-any-return]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if (node.module or "").split(".")[0] == OURS:
            message = f"{self._module} imports {node.module} in the middle of a function"
            raise CannotPasteError(message)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and not self._is_local(node.value.id):
            module = _module_named(self._module, node.value.id)
            if module:
                return ast.Name(self._pasted.take_name(module, node.attr), node.ctx)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if self._is_local(node.id) or node.id not in bindings(self._module):
            return node
        return ast.Name(self._pasted.take_name(self._module, node.id), node.ctx)

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)


def _stored(body: list[ast.stmt]) -> set[str]:
    """Return the names that statements bind."""
    found: set[str] = set()
    for node in body:
        for one in ast.walk(node):
            match one:
                case ast.Name(id=name, ctx=ast.Store()):
                    found.add(name)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    found.add(name)
                case ast.ExceptHandler(name=str(name)):
                    found.add(name)
    return found


def _original(node: ast.ImportFrom, name: str) -> str:
    return next(one.name for one in node.names if (one.asname or one.name) == name)


def _module_named(module: str, name: str) -> str:
    """Return the module of ours that a name stands for in a module; "" where it is none."""
    match bindings(module).get(name):
        case ast.ImportFrom(module=str(source)) as node if source.split(".")[0] == OURS:
            whole = f"{source}.{_original(node, name)}"
            try:
                importlib.import_module(whole)
            except ModuleNotFoundError:
                return ""
            return whole
    return ""


def _is_lazy(node: ast.Assign) -> bool:
    return "lazy_loader" in ast.unparse(node.value)


def _import_line(node: ast.Import | ast.ImportFrom, name: str) -> str:
    one = next(one for one in node.names if (one.asname or one.name.split(".")[0]) == name)
    renamed = f" as {one.asname}" if one.asname else ""
    if isinstance(node, ast.ImportFrom):
        return f"from {node.module} import {one.name}{renamed}"
    return f"import {one.name}{renamed}"
