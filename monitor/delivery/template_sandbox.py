"""A Jinja2 that can put words together and nothing else.

Owns what a template may use, and its bounds: no other file, no attribute of Python's own, no macro, so many steps, so
long a text. Which fields there are and what becomes of a failure is `template`.
"""

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any, cast

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateAssertionError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.visitor import NodeTransformer

from monitor.alerting.plain import lifeless

MOST_STEPS = 20_000
MOST_CHARACTERS = 100_000
_MOST_BITS = 4096
_ALLOWED_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "items", "last", "length", "list", "lower",
    "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort", "title", "trim",
    "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
_ALLOWED_METHODS = frozenset(
    {"capitalize", "casefold", "count", "cycle", "endswith", "find", "get", "index", "isdigit", "items", "keys",
     "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip", "split",
     "splitlines", "startswith", "strip", "title", "upper", "values"},
)  # fmt: skip
_ALLOWED_STATEMENTS = (nodes.Output, nodes.For, nodes.If, nodes.Assign, nodes.With)
_STATEMENTS = MappingProxyType(
    {
        nodes.AssignBlock: "set ... endset",
        nodes.CallBlock: "call",
        nodes.FilterBlock: "filter",
        nodes.FromImport: "from",
    },
)


class Ours(str):
    """A text that is certainly our own, such as the page's address: its links stay alive where it is shown as it is."""

    __slots__ = ()


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one template; renders one text at a time."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True)
        self.filters = {name: FILTERS[name] for name in _ALLOWED_FILTERS}
        self.filters |= {"join": _join, "replace": _replace}
        self.filters |= {_COUNTED: self._counted, _BOUNDED: _bounded}
        self.globals = {"range": safe_range}
        self._steps = 0

    def begin(self) -> None:
        """To be called before each rendering: the steps are counted anew."""
        self._steps = 0

    def is_safe_callable(self, obj: Any) -> bool:
        """Methods that only look at a text or list, and `range`."""
        owner = getattr(obj, "__self__", None)
        plain = isinstance(owner, str | dict | list | LoopContext) and obj.__name__ in _ALLOWED_METHODS
        return plain or obj is safe_range

    def call(self, context: Any, obj: Any, *args: Any, **options: Any) -> Any:
        """What is not there says so itself; what must not be called is named without its address in memory."""
        if not isinstance(obj, Undefined) and not self.is_safe_callable(obj):
            raise SecurityError(f"{getattr(obj, '__name__', type(obj).__name__)}() cannot be called here")
        return context.call(obj, *args, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, and joining of short texts."""
        if operator in {"**", "%"} and not _are_numbers(left, right):
            raise SecurityError(f"{operator} is for numbers; texts are put together with ~")
        if operator == "**" or (operator == "*" and not _are_small(left, right)):
            raise SecurityError(f"the result of {operator} may be too large")
        return _bounded(super().call_binop(context, operator, left, right))

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_Bounds(self).visit(source), *args, **options)

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise SecurityError(f"the loops take more than {MOST_STEPS} steps")
            yield item


_COUNTED, _BOUNDED = "counted by the sandbox", "bounded by the sandbox"


class _Bounds(NodeTransformer):
    """Refuses what is not in the list, and puts a bound around each loop and each joined text."""

    def __init__(self, environment: Sandbox) -> None:
        self._environment = environment

    def visit(self, node: nodes.Node, *args: Any, **options: Any) -> Any:
        if isinstance(node, nodes.Stmt) and not isinstance(node, _ALLOWED_STATEMENTS):
            name = _STATEMENTS.get(type(node), type(node).__name__.lower())
            raise TemplateAssertionError(f'"{name}" cannot be used here', node.lineno)
        return super().visit(node, *args, **options)

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  named after the node
        if node.recursive:
            raise TemplateAssertionError("recursive loops cannot be used here", node.lineno)
        self.generic_visit(node)
        node.iter = self._through(node.iter, _COUNTED)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802  named after the node
        self.generic_visit(node)
        return self._through(node, _BOUNDED)

    def _through(self, node: nodes.Node, name: str) -> nodes.Filter:
        wrapped = nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
        wrapped.environment = self._environment
        return wrapped


def _shown(value: Any) -> Any:
    """What is not there is shown as nothing, what may be foreign without life; what stands in the file is not asked."""
    if isinstance(value, str) and not isinstance(value, Ours):
        return lifeless(value)
    return "" if value is None else value


def _bounded(value: Any) -> Any:
    if isinstance(value, str | list | tuple) and len(value) > MOST_CHARACTERS:
        raise SecurityError(f"a text grows beyond {MOST_CHARACTERS} characters")
    return value


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _are_small(left: Any, right: Any) -> bool:
    if _are_numbers(left, right):
        return sum(value.bit_length() for value in (left, right) if isinstance(value, int)) <= _MOST_BITS
    text, times = (right, left) if isinstance(left, int) else (left, right)
    return isinstance(times, int) and hasattr(text, "__len__") and len(text) * times <= MOST_CHARACTERS


def _join(items: Iterable[Any], between: str = "") -> str:
    texts = ["" if item is None else str(item) for item in items]
    if sum(map(len, texts)) + len(between) * len(texts) > MOST_CHARACTERS:
        raise SecurityError(f"a text grows beyond {MOST_CHARACTERS} characters")
    return between.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > MOST_CHARACTERS:
        raise SecurityError(f"a text grows beyond {MOST_CHARACTERS} characters")
    return text.replace(old, new)
