"""List views that never ask ``has_permission``: their querysets are cut to what is one's own."""

from collections.abc import Callable

from labeling_bridge.guard.lanes import lane_ids

MARK = "segue_narrowed"


def narrow_lists() -> None:
    """Cut the list views of Label Studio for everybody who is not staff."""
    from data_manager.api import ViewAPI
    from labels_manager.api import LabelLinkAPI
    from projects.api import ProjectAPI, ProjectCountsListAPI, ProjectListAPI
    from users.api import UserAPI

    for view in (ProjectListAPI, ProjectCountsListAPI, ProjectAPI):
        _narrow(view, lambda queryset, user: queryset.filter(pk__in=lane_ids(user)))
    for view in (ViewAPI, LabelLinkAPI):
        _narrow(view, lambda queryset, user: queryset.filter(project__in=lane_ids(user)))
    _narrow(UserAPI, lambda queryset, user: queryset.filter(pk=user.pk))


def is_narrowed(view: type) -> bool:
    """Tell whether the view's own get_queryset is the cut one."""
    return hasattr(view.get_queryset, MARK)


def _narrow(view: type, cut: Callable) -> None:
    whole = view.get_queryset

    def get_queryset(self):
        queryset = whole(self)
        user = self.request.user
        return queryset if user.is_staff else cut(queryset, user)

    setattr(get_queryset, MARK, True)
    view.get_queryset = get_queryset
