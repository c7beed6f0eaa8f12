"""The Django application: closes what the mixins and the middleware cannot reach."""

from django.apps import AppConfig


class GuardConfig(AppConfig):
    """Narrows Label Studio's list views once all of its models are loaded."""

    name = "labeling_bridge.guard"
    label = "segue_guard"
    verbose_name = "Segue guard"

    def ready(self) -> None:
        from labeling_bridge.guard.narrowing import narrow_lists

        narrow_lists()
