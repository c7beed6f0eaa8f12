"""DATA_MANAGER_CHECK_ACTION_PERMISSION: which bulk actions a person may run."""

from data_manager.actions import check_action_permission

ACTIONS_OF_PEOPLE = frozenset({"next_task"})


def may_run_action(user, action, project) -> bool:
    """Leave people the one action that serves their own next task."""
    if not (user.is_staff or action.get("id") in ACTIONS_OF_PEOPLE):
        return False
    return check_action_permission(user, action, project)
