"""``python -m benchmarks NAME …``: run one of the benchmarks; without a name, list them."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def names() -> dict[str, str]:
    """Name of each benchmark to what it measures, the first line of its package."""
    return {
        main.parent.name: _first_line(main.parent / "__init__.py")
        for main in sorted(HERE.glob("*/__main__.py"))
    }


def main() -> None:
    """Run the benchmark that the first argument names."""
    benchmarks = names()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in benchmarks:
        print("usage: python -m benchmarks NAME …\n")
        for each, text in benchmarks.items():
            print(f"  {each:<12}{text}")
        sys.exit(2 if name else 0)
    sys.argv[:2] = [f"python -m benchmarks {name}"]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")


def _first_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n")[0]


if __name__ == "__main__":
    main()
