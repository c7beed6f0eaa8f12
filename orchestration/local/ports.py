"""Find out before the start whether every port is free, and say which is not."""

from __future__ import annotations

import socket

from orchestration.local.errors import PortTakenError
from orchestration.local.programs import Program
from orchestration.settings import StackSettings


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check_ports(settings: StackSettings, programs: tuple[Program, ...]) -> None:
    """Refuse to start when two services share a port or somebody else has one.

    Raises
    ------
    PortTakenError
        Naming the port, the service and the setting to change.
    """
    wanted: dict[int, Program] = {}
    for program in programs:
        port = program.port(settings)
        variable = f"SEGUE_{program.port_setting.upper()}"
        if port in wanted:
            raise PortTakenError(
                f"{program.title} and {wanted[port].title} are both set to port {port}: "
                f"set {variable} to another one."
            )
        wanted[port] = program
        if not is_free(settings.host, port):
            raise PortTakenError(
                f"Port {port}, which {program.title} needs, is taken by another program: "
                f"end that program or set {variable} to a free port."
            )
