"""Files and data frames in many formats, read as records; public data sets and downloads."""
