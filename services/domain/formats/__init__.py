"""Releases as files: what is released, and the formats it is written in.

An exporter takes records one by one and yields pieces of files, so that a release of any
size is written in constant memory. The same records give the same bytes.
"""
