"""The default-deny layer that runs inside Label Studio (see README.md in this folder)."""

VERSION = "1"
