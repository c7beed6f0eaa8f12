"""Segue's own endpoints inside Label Studio.

`members` and `drafts` stand on no line of the policy table, so the middleware lets only staff
reach them. `media` is for people: the token names the lane, the session names the person.
"""

import time

import label_studio
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_http_methods, require_safe
from organizations.models import Organization

from labeling_bridge.guard import VERSION
from labeling_bridge.guard.drafts import draft_set
from labeling_bridge.guard.health import missing_parts
from labeling_bridge.guard.lanes import owns_lane
from labeling_bridge.guard.members import member_list, member_set
from labeling_bridge.guard.refusals import RefusedError
from labeling_bridge.guard.requests_of_staff import UnacceptableError, read_draft, read_member
from labeling_bridge.guard.visit import whole_number
from services.domain.errors import NotFoundError
from services.domain.links import read_media_token, sign_file_path

# A page that outlives its link loads the video anew and shows frame 0 under the old number.
FILE_LINK_S = 12 * 3600


@require_safe
def health(request) -> JsonResponse:
    """Say that the guard stands, or which part of it does not (503)."""
    missing = missing_parts()
    body = {
        "guard": "broken" if missing else "active",
        "version": VERSION,
        "label_studio": label_studio.__version__,
        "missing": missing,
    }
    return JsonResponse(body, status=503 if missing else 200)


@require_http_methods(["GET", "POST"])
def members(request) -> JsonResponse:
    """List people, or make one with the lanes that are theirs."""
    try:
        if request.method == "GET":
            project = request.GET.get("project")
            wanted = None if project is None else whole_number(project)
            return JsonResponse({"members": member_list(project=wanted)})
        person, created = member_set(read_member(request), organization=_organization(request))
    except UnacceptableError as refusal:
        return refusal.response()
    except RefusedError as refusal:
        return refusal.response()
    return JsonResponse(person, status=201 if created else 200)


@require_http_methods(["POST"])
def drafts(request) -> JsonResponse:
    """Lay a draft ready for the person of a lane."""
    try:
        draft, created = draft_set(read_draft(request))
    except UnacceptableError as refusal:
        return refusal.response()
    return JsonResponse(draft, status=201 if created else 200)


@require_safe
def media(request, token: str) -> HttpResponse:
    """Send the lane's person on to a file link that works for a long working day."""
    caller = request.segue_caller
    try:
        grant = read_media_token(token, settings.SEGUE_LINKS_KEY)
    except NotFoundError:
        return RefusedError(404).response()
    if not (caller.is_staff or owns_lane(caller, int(grant.lane))):
        return RefusedError(404).response()
    path = sign_file_path(
        grant.key, expires_at=int(time.time()) + FILE_LINK_S, secret=settings.SEGUE_LINKS_KEY
    )
    response = HttpResponseRedirect(settings.SEGUE_TRACKER_PUBLIC_URL + path)
    response["Cache-Control"] = "private"
    return response


@require_safe
def no_tips(request) -> JsonResponse:
    """Answer as Label Studio does when its source of tips cannot be reached."""
    return JsonResponse({}, status=404)


def _organization(request) -> Organization:
    return request.segue_caller.active_organization or Organization.objects.earliest("pk")
