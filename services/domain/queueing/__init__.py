"""Which clips people label first, and why: ``rank`` under ``QueueRules``."""
