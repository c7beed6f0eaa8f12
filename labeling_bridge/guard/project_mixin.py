"""PROJECT_MIXIN: a project opens to staff and to the person whose lane it is.

In a module of its own because Label Studio imports it in the middle of projects.models.
"""

from functools import cached_property

from projects.mixins import ProjectMixin

from labeling_bridge.guard.lanes import owns_lane


class LaneProjectMixin(ProjectMixin):
    """Replaces "every member of the organization" by "the lane's own person"."""

    def has_permission(self, user) -> bool:
        if not super().has_permission(user):
            return False
        return user.is_staff or owns_lane(user, self.pk)

    @cached_property
    def all_members(self):
        # Label Studio answers with the whole organization, which names the other annotators.
        from users.models import User

        return User.objects.filter(project_memberships__project=self.pk).distinct()
