"""The published data sets, one small file for each source."""
