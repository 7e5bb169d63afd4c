"""The HTTP API, one file per resource, and the checks that all of them share."""
