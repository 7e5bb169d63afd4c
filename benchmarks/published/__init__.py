"""Benchmarks: published data sets under their published protocols, beside published figures."""
