"""The command line, `tastegraph`, and its subcommands."""
