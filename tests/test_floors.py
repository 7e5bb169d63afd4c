"""Data flows one way: a package imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import tastegraph

ROOT = Path(tastegraph.__file__).parent
FLOORS = [
    {"__init__"},
    {"languages"},
    {"messages"},
    {"errors", "records", "arrays", "progress"},
    {"config"},
    {"carriers", "sources", "storage"},
    {"assets"},
    {"datasets", "knowledge", "language"},
    {"linking", "teaching"},
    {"extraction", "fusion"},
    {"curation"},
    {"profiles"},
    {"ranking"},
    {"evaluation", "explanation"},
    {"learning", "serving"},
    {"benchmark"},
    {"workspace"},
    {"demo", "terminal"},
    {"cli_benchmark", "cli_kg", "cli_models"},
    {"cli_review"},
    {"cli"},
    {"__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def _imports(file: Path, *, runtime_only: bool) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    if runtime_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped |= set(ast.walk(node))
    found = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        found |= {m.split(".")[1] for m in modules if m.startswith("tastegraph.")}
    return found


def _place(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_package_has_a_floor():
    assert {_place(file) for file in ROOT.rglob("*.py")} == set(FLOOR)


def test_imports_point_down():
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in ROOT.rglob("*.py")
        for name in _imports(file, runtime_only=_place(file) == "__init__")
        if name in FLOOR
        and FLOOR[name] >= FLOOR[_place(file)]
        and name != _place(file)
        and _place(file) != "__init__"
    ]
    assert not wrong


def test_neither_the_package_nor_serving_imports_torch():
    code = (
        "import sys, tastegraph.workspace, tastegraph.serving.api.app, tastegraph.cli.main;"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_pickle_no_eval():
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "marshal", "shelve", "joblib", "dill"}, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec"}, file
