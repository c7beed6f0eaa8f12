"""Label Studio's refusals as Segue's errors: what was asked, why not, and whether to try again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from services.domain.errors import LabelStudioError, TransientError

LONGEST_REASON: Final = 400


def refusal(what: str, status: int | None, body: object) -> LabelStudioError | TransientError:
    """Return the error for an HTTP status and body; never the token, never a page of HTML."""
    if status in (401, 403):
        return LabelStudioError(
            f"Label Studio refused the service account's token when asked to {what}; give the "
            "bridge the token of a staff account.",
            code="label_studio_token",
        )
    reason = _reason(body)
    if status in (408, 429) or (status is not None and status >= 500):
        return TransientError(
            f"Label Studio failed (HTTP {status}) when asked to {what}: {reason}.",
            code="label_studio_failed",
        )
    code = "label_studio_missing" if status == 404 else None
    return LabelStudioError(
        f"Label Studio refused (HTTP {status}) when asked to {what}: {reason}.", code=code
    )


def _reason(body: object) -> str:
    """Return what an error body says, short, and never a page of HTML."""
    if isinstance(body, Mapping):
        faults = body.get("validation_errors")
        text = json.dumps(faults, ensure_ascii=False) if faults else str(body.get("detail", body))
    elif isinstance(body, list):
        text = json.dumps(body, ensure_ascii=False, default=str)
    else:
        text = "it gave no reason"
    return text.rstrip(".")[:LONGEST_REASON]
