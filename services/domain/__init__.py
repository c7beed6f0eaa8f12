"""The pure core of Segue: time in frames, taxonomies, policy, workflow, comparison.

No Django, no Prefect, no I/O. Import from the modules; this file stays empty of
imports so that light users (the guard inside Label Studio) pay for nothing.
"""
