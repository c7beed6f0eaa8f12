"""ANNOTATION_MIXIN: an annotation opens to staff and to the person who made it.

In a module of its own because Label Studio imports it in the middle of tasks.models.
"""

from tasks.mixins import AnnotationMixin


class OwnAnnotationMixin(AnnotationMixin):
    """Adds the author to the conditions of reading and changing an annotation."""

    def has_permission(self, user) -> bool:
        return super().has_permission(user) and (user.is_staff or self.completed_by_id == user.pk)
