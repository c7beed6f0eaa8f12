"""The allow-list: everything a person who is not staff may do in Label Studio.

Read it line by line; what is not here is refused with 403. The key is the name under which
Django resolved the request and the method (HEAD counts as GET, OPTIONS never passes). A test
holds every name against the URLs of the pinned Label Studio, so that a release that renames or
reuses one is noticed.

Besides its own check every line is bound by these:
- a token of any kind belongs to staff;
- no body on GET and DELETE; bodies are UTF-8 JSON objects (but for the log-in form);
- every ?project=, ?view= and ?tab= names something in the person's own lane.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from labeling_bridge.guard import checks
from labeling_bridge.guard.visit import Visit

Check = Callable[[Visit], None]

# Nobody need be logged in. Nothing here reads a row of anybody.
OPEN: Mapping[tuple[str, str], Check] = MappingProxyType(
    {
        ("main", "GET"): checks.anybody,  # redirects to the log-in page
        ("user-login", "GET"): checks.anybody,
        ("user-login", "POST"): checks.anybody,  # the only form; checked for CSRF by its view
        ("health", "GET"): checks.anybody,
        ("segue-health", "GET"): checks.anybody,
        ("heidi_tips", "GET"): checks.anybody,  # answered by the guard, see urls.py
        # the program's own files
        ("core.utils.static_serve.serve", "GET"): checks.anybody,
        ("core.views.serve_file", "GET"): checks.anybody,
        ("django.views.generic.base.RedirectView", "GET"): checks.anybody,  # favicon
    }
)

# A session is needed, and the check must agree.
MEMBERS: Mapping[tuple[str, str], Check] = MappingProxyType(
    {
        # -- pages: shells without rows
        ("logout", "GET"): checks.logged_in,
        ("projects:project-index", "GET"): checks.logged_in,
        ("data_manager:project-data", "GET"): checks.own_lane_in_path,
        ("version", "GET"): checks.logged_in,
        ("api-version", "GET"): checks.logged_in,
        ("collect_metrics", "GET"): checks.logged_in,  # answers 204 and keeps nothing
        ("segue-media", "GET"): checks.logged_in,  # the view checks the token's lane
        # -- the person
        ("current-user-whoami", "GET"): checks.logged_in,
        ("current-user-hotkeys", "GET"): checks.logged_in,
        ("current-user-hotkeys", "PATCH"): checks.own_hotkeys,
        ("product-tour", "GET"): checks.logged_in,
        ("product-tour", "PATCH"): checks.own_tour,
        ("user-list", "GET"): checks.logged_in,  # narrowed to the person
        # -- the lane
        ("projects:api:project-list", "GET"): checks.scope_of_query,  # narrowed
        ("projects:api:project-counts-list", "GET"): checks.scope_of_query,  # narrowed
        ("projects:api:project-detail", "GET"): checks.own_lane_in_path,
        ("projects:api:project-next", "GET"): checks.own_lane_in_path,
        ("projects:api:label-stream-history", "GET"): checks.own_lane_in_path,
        ("ml:api:ml-list", "GET"): checks.own_lane_in_query,
        ("labels_manager:api-labels:label_link-list", "GET"): checks.own_labels,
        # -- the list of tasks
        ("data_manager:dm-project", "GET"): checks.own_lane_in_query,
        ("data_manager:dm-columns", "GET"): checks.own_lane_in_query,
        ("data_manager:dm-actions", "GET"): checks.own_lane_in_query,
        ("data_manager:dm-actions", "POST"): checks.next_task,
        ("data_manager:api:view-list", "GET"): checks.own_lane_in_query,  # narrowed too
        ("data_manager:api:view-list", "POST"): checks.new_view,
        ("data_manager:api:view-detail", "PATCH"): checks.changed_view,
        ("tasks:api:task-list", "GET"): checks.own_lane_or_view_in_query,
        # -- the work
        ("tasks:api:task-detail", "GET"): checks.own_task,
        ("tasks:api:task-annotations", "POST"): checks.new_annotation,
        ("tasks:api:task-drafts", "POST"): checks.new_draft,
        ("tasks:api:task-annotations-drafts", "POST"): checks.new_draft,
        ("tasks:api-annotations:annotation-detail", "GET"): checks.own_annotation,
        ("tasks:api-annotations:annotation-detail", "PATCH"): checks.changed_annotation,
        ("tasks:api-annotations:annotation-convert-to-draft", "POST"): checks.skipped_annotation,
        ("tasks:api-drafts:draft-detail", "GET"): checks.own_draft,
        ("tasks:api-drafts:draft-detail", "PATCH"): checks.changed_draft,
        ("tasks:api-drafts:draft-detail", "DELETE"): checks.own_draft,
    }
)
