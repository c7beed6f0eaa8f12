"""Why the one-machine stack could not be set up, started or kept up."""

from __future__ import annotations

from services.domain.errors import SegueError


class StackError(SegueError):
    """A part of the local stack cannot run; ``detail`` says what to do about it."""

    default_code = "local_stack"
    title = "The local stack cannot run"


class PostgresError(StackError):
    """PostgreSQL is missing, refuses to start or refuses us."""

    default_code = "postgres"


class PortTakenError(StackError):
    """Another program listens on a port the stack wants."""

    default_code = "port_taken"


class AlreadyRunningError(StackError):
    """This folder's stack is up already."""

    default_code = "already_running"
