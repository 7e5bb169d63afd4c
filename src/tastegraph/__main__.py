"""``python -m tastegraph``."""

from tastegraph.cli.main import main

main()
