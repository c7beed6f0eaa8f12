"""Tier 3: people's figures against known answers, and when they call for an act.

Import from the modules; this file stays empty of imports so that light users pay for nothing.
"""
