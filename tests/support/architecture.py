"""The packages of ``tastegraph``, their layers and the imports between them.

``python -m tests.support.architecture`` (``make architecture``) prints what the code is now,
with ``--write`` into docs/architecture.md too; ``tests/test_architecture.py`` compares them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tastegraph"
LAYERS = (
    ("__main__",),
    ("cli",),
    ("workspace",),
    ("serving", "pipeline"),
    ("explain", "evaluation"),
    ("models",),
    ("profiles", "filters"),
    ("kg",),
    ("text",),
    ("store", "data"),
    ("core",),
)
"""From the top; a package imports from the layers below its own."""
DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- layers -->", "<!-- end of layers -->"
ROOT_MODULE = "__init__"
"""What a user imports: it may name anything."""


def files(package: str) -> list[Path]:
    """The Python files of a package or of a single module."""
    folder = SOURCE / package
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def packages() -> list[str]:
    """What stands directly below ``tastegraph``, from the top layer down."""
    present = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in sources()}
    present.discard(ROOT_MODULE)
    order = {name: layer for layer, names in enumerate(LAYERS) for name in names}
    return sorted(present, key=lambda name: (order.get(name, len(LAYERS)), name))


def sources() -> list[Path]:
    """Every Python file of the package."""
    return sorted(SOURCE.rglob("*.py"))


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything of ``tastegraph`` that ``file`` imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.startswith("tastegraph."))


def arrows() -> dict[str, set[str]]:
    """Package to the other packages that it imports from."""
    known = packages()
    return {
        package: {
            target
            for file in files(package)
            for _, name in imports(file)
            if (target := name.split(".")[1]) in known and target != package
        }
        for package in known
    }


def upward() -> list[str]:
    """Every import that does not point to a lower layer, with its file and line."""
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    return [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for package in packages()
        for file in files(package)
        for line, name in imports(file)
        if (target := name.split(".")[1]) in layer
        and target != package
        and layer[target] <= layer[package]
    ]


def circles() -> list[list[str]]:
    """Modules that import one another at import time, each circle once."""
    modules = {_module(file): file for file in sources()}
    graph = {name: _needed(file, modules) for name, file in modules.items()}
    cycles, state, stack = [], dict.fromkeys(graph, 0), []

    def visit(name: str) -> None:
        state[name] = 1
        stack.append(name)
        for target in sorted(graph[name]):
            if state[target] == 1:
                cycles.append(stack[stack.index(target) :])
            elif not state[target]:
                visit(target)
        stack.pop()
        state[name] = 2

    for name in graph:
        if not state[name]:
            visit(name)
    return cycles


def table() -> str:
    """The packages by layer, each with the first line of its docstring."""
    rows = ["| layer | package | what it holds | imports from |", "|---|---|---|---|"]
    below = arrows()
    for number, names in zip(range(len(LAYERS), 0, -1), LAYERS, strict=True):
        for name in names:
            targets = ", ".join(f"`{t}`" for t in packages() if t in below[name])
            rows.append(f"| {number} | `{name}` | {summary(name)} | {targets or '–'} |")
    return "\n".join(rows)


def summary(package: str) -> str:
    """The first line of a package's docstring."""
    folder = SOURCE / package
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0]


def lengths() -> dict[Path, int]:
    """Lines of each file."""
    return {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sources()}


def size() -> str:
    """How much code there is."""
    counts = lengths()
    code = [n for file, n in counts.items() if file.name != "__init__.py"]
    longest = max(counts, key=lambda file: counts[file])
    return (
        f"{len(packages())} packages and modules, {len(counts)} files, "
        f"{sum(counts.values()):,} lines; median file {median(code):.0f}, longest "
        f"{counts[longest]} ({longest.relative_to(SOURCE)})"
    )


def _module(file: Path) -> str:
    parts = list(file.relative_to(SOURCE.parent).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _needed(file: Path, modules: dict[str, Path]) -> set[str]:
    """Modules that ``file`` imports when it is imported itself, not inside functions."""
    tree, names = ast.parse(file.read_text(encoding="utf-8")), set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    own = _module(file)
    return {n for n in names if n in modules and n != own and not own.startswith(f"{n}.")}


def write_document() -> None:
    """Put the table as it is now into docs/architecture.md."""
    head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_document()
    print(table(), size(), sep="\n\n")
    print(f"{len(upward())} imports upward, {len(circles())} circles")
