"""Signed links to stored files: what a video player in Label Studio loads."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from services.domain.errors import SegueError
from services.domain.links import verify_file_path
from services.tracker.core.problems import problem_response
from services.tracker.files.responses import file_response
from services.tracker.files.storage import is_s3, object_size, presigned_url

MOST_BYTES = 4 * 2**20
CACHE_S = 3600
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@require_http_methods(["GET", "HEAD", "OPTIONS"])
def signed_file(request: HttpRequest, key: str) -> HttpResponseBase:
    """Serve an object to whoever holds a live link to it, at most 4 MiB an answer."""
    if request.method == "OPTIONS":
        response: HttpResponseBase = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "GET, HEAD"
        response["Access-Control-Allow-Headers"] = "Range, If-Range, If-None-Match"
        response["Access-Control-Max-Age"] = "86400"
    else:
        try:
            response = _serve(request, key)
        except SegueError as error:
            response = problem_response(error)
    response["Access-Control-Allow-Origin"] = settings.SEGUE.label_studio_origin
    response["Access-Control-Expose-Headers"] = "Content-Range, Content-Length, Accept-Ranges, ETag"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Vary"] = "Origin"
    return response


def _serve(request: HttpRequest, key: str) -> HttpResponseBase:
    verify_file_path(
        key,
        expires=request.GET.get("expires", ""),
        signature=request.GET.get("signature", ""),
        now=int(time.time()),
        secret=settings.SEGUE.links_key.get_secret_value(),
    )
    if is_s3():
        return HttpResponseRedirect(presigned_url(key))
    suffix = PurePosixPath(key).suffix
    size = object_size(key)
    response = file_response(
        request,
        key=key,
        size=size,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        # Keys are never reused for other content, so the key says it all.
        etag=f"{key.encode().hex()[-64:]}-{size}",
        most=MOST_BYTES,
    )
    response["Cache-Control"] = f"private, max-age={CACHE_S}, immutable"
    return response
