"""A stored object as an HTTP answer: whole, in part, unchanged or not at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag
from rest_framework.request import Request

from services.domain.errors import InputError
from services.tracker.core.problems import HttpError, problem_response
from services.tracker.files.ranges import ByteRange, UnsatisfiableRangeError, parse_range
from services.tracker.files.storage import object_read

OK, PARTIAL, UNCHANGED, UNSATISFIABLE = 200, 206, 304, 416


def file_response(
    request: Request | HttpRequest,
    *,
    key: str,
    size: int,
    media_type: str,
    etag: str,
    filename: str | None = None,
    most: int | None = None,
) -> HttpResponseBase:
    """Answer with an object or the part of it that was asked for.

    With ``most``, no answer carries more bytes than that; who wants a larger file must ask
    for ranges.
    """
    tag = quote_etag(etag)
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff"}
    if filename is not None:
        disposition = content_disposition_header(as_attachment=True, filename=filename)
        headers["Content-Disposition"] = disposition or "attachment"
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or tag in [item.removeprefix("W/") for item in known]:
        return HttpResponse(status=UNCHANGED, headers={"ETag": tag})
    try:
        part = _wanted(request, tag, size)
    except UnsatisfiableRangeError:
        return _unsatisfiable(size)
    if part is None and most is not None and size > most:
        raise InputError(
            f"This file has {size} bytes; ask for at most {most} of them with a Range header.",
            code="range_required",
        )
    status = OK if part is None else PARTIAL
    part = (part or ByteRange(first=0, last=size - 1)).capped(most)
    headers["Content-Length"] = str(part.n_bytes)
    if status == PARTIAL:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    if request.method == "HEAD" or size == 0:
        return HttpResponse(status=status, headers=headers, content_type=media_type)
    return StreamingHttpResponse(
        object_read(key, part), status=status, headers=headers, content_type=media_type
    )


def _wanted(request: Request | HttpRequest, tag: str, size: int) -> ByteRange | None:
    """Return the asked part; a part of an older version is answered with the whole."""
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != tag:
        return None
    return parse_range(request.headers.get("Range"), size=size)


def _unsatisfiable(size: int) -> HttpResponse:
    error = HttpError(
        f"The range lies outside the file's {size} bytes.",
        status=UNSATISFIABLE,
        code="range_unsatisfiable",
    )
    response = problem_response(error)
    response["Content-Range"] = f"bytes */{size}"
    return response
