"""Long recordings in overlapping parts: ``plan``, ``cut`` (``pieces``), label, ``stitch``."""
