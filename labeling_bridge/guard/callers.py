"""Who is asking, as the view itself will see it.

Label Studio reads sessions and JWTs in middleware but legacy tokens inside each view. A guard
that looked at the session alone would judge one person and let another one act.
"""

from django.contrib.auth.models import AnonymousUser
from jwt_auth.auth import TokenAuthenticationPhaseout
from rest_framework.exceptions import AuthenticationFailed

from labeling_bridge.guard.refusals import RefusedError


def caller_of(request):
    """Return the acting user; tokens are for staff alone.

    Raises
    ------
    RefusedError
        401 when there is an Authorization header that does not belong to staff.
    """
    if "HTTP_AUTHORIZATION" not in request.META:
        return getattr(request, "user", None) or AnonymousUser()
    user = request.user if getattr(request, "is_jwt", False) else _holder_of_token(request)
    if user is None or not (user.is_active and user.is_staff):
        raise RefusedError(401)
    return user


def _holder_of_token(request):
    try:
        found = TokenAuthenticationPhaseout().authenticate(request)
    except AuthenticationFailed as error:
        raise RefusedError(401) from error
    return found[0] if found else None
