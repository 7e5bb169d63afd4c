"""The order of rows in a file changes nothing."""
