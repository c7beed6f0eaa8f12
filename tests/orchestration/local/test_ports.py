from __future__ import annotations

import socket

import pytest

from orchestration.local.errors import PortTakenError
from orchestration.local.ports import check_ports
from orchestration.local.programs import PROGRAMS
from orchestration.settings import StackSettings

pytestmark = pytest.mark.enable_socket


def test_free_ports_pass(settings: StackSettings) -> None:
    check_ports(settings, PROGRAMS)


def test_a_taken_port_names_the_service_and_the_setting(settings: StackSettings) -> None:
    with (
        socket.create_server((settings.host, settings.tracker_port)),
        pytest.raises(PortTakenError) as caught,
    ):
        check_ports(settings, PROGRAMS)
    assert caught.value.detail == (
        f"Port {settings.tracker_port}, which Tracker needs, is taken by another program: end that "
        "program or set SEGUE_TRACKER_PORT to a free port."
    )


def test_two_services_may_not_share_a_port(settings: StackSettings) -> None:
    clash = settings.model_copy(update={"label_studio_port": settings.tracker_port})
    with pytest.raises(PortTakenError, match="SEGUE_LABEL_STUDIO_PORT"):
        check_ports(clash, PROGRAMS)
