import pytest


@pytest.fixture(scope="session")
def prefect_server():
    """Prefect's own test server, one for the session: it takes seconds to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
