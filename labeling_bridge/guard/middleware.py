"""Asks the policy table about every request that resolved to a view."""

from django.contrib.auth.views import redirect_to_login

from labeling_bridge.guard import checks
from labeling_bridge.guard.callers import caller_of
from labeling_bridge.guard.policy import MEMBERS, OPEN
from labeling_bridge.guard.refusals import RefusedError, forbid
from labeling_bridge.guard.visit import READS, read_visit

LOGIN_PAGE = "user-login"
# Shown to a browser: whoever has no session is sent to the log-in page, as Label Studio does.
PAGES = frozenset({"projects:project-index", "data_manager:project-data", "logout"})


class GuardMiddleware:
    """Refuses whatever the table does not open.

    It works on the *resolved* view, never on the text of the path: Label Studio also answers
    paths without their last slash, by resolving a second time.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        """Return a refusal, or None to let the view answer."""
        try:
            _judge(request, view_kwargs)
        except RefusedError as refusal:
            if refusal.status == 401 and request.resolver_match.view_name in PAGES:
                return redirect_to_login(request.get_full_path())
            return refusal.response()
        return None


def _judge(request, kwargs) -> None:
    user = request.segue_caller = caller_of(request)
    if user.is_authenticated and user.is_staff:
        return
    name = request.resolver_match.view_name
    method = "GET" if request.method in READS else request.method
    if (name, method) in OPEN:
        if name != LOGIN_PAGE:
            OPEN[name, method](read_visit(request, user, kwargs))
        return
    if not user.is_authenticated:
        raise RefusedError(401)
    check = MEMBERS.get((name, method)) or forbid()
    visit = read_visit(request, user, kwargs)
    checks.scope_of_query(visit)
    check(visit)
