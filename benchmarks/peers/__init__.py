"""Other libraries, each run in the virtual environment of `benchmarks/.venv-peers`."""
