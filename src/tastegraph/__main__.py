"""``python -m tastegraph``."""

from tastegraph.cli import main

main()
