"""The bridge against a Label Studio in memory."""

from __future__ import annotations

from typing import Any

import pytest

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.lanes import Webhook
from tests.fakes.label_studio import TOKEN, FakeLabelStudio

# The contract's bare asserts shall explain themselves as those of a test module do.
pytest.register_assert_rewrite("tests.bridge.contract")

LINKS_KEY = "a-links-key-for-tests-only"


class FakePerson:
    def __init__(self, fake: FakeLabelStudio, person_id: int) -> None:
        self._fake, self.id = fake, person_id

    def tasks(self, project_id: int) -> list[dict[str, Any]]:
        return self._fake.tasks_of(project_id)

    def draft(self, task_id: int, project_id: int, result: list[Any]) -> None:
        """A draft moves nothing that the service account can see."""

    def submit(self, task_id: int, project_id: int, result: list[Any]) -> int:
        return self._fake.submit(task_id, self.id, result)

    def update(self, annotation_id: int, result: list[Any]) -> None:
        self._fake.update(annotation_id, result)


class FakeWorld:
    def __init__(self) -> None:
        self.fake = FakeLabelStudio()
        self.links_key = LINKS_KEY
        self.bridge = LabelStudio(
            "http://label-studio.test",
            TOKEN,
            links_key=LINKS_KEY,
            email_domain="segue.example",
            webhook=Webhook(
                url="http://127.0.0.1:9/api/v1/inbox/label-studio", secret="hint-secret"
            ),
            httpx_client=self.fake.client(),
        )

    def log_in(self, username: str) -> FakePerson:
        email = f"{username}@segue.example"
        (found,) = [one for one, who in self.fake.people.items() if who["email"] == email]
        return FakePerson(self.fake, found)

    def project(self, project_id: int) -> dict[str, Any]:
        return self.fake.projects[project_id]

    def task(self, task_id: int) -> dict[str, Any]:
        return self.fake.tasks[task_id]

    def webhooks(self, project_id: int) -> list[dict[str, Any]]:
        return [one for one in self.fake.webhooks.values() if one["project"] == project_id]

    def strangers_answer(self, task_id: int, result: list[Any]) -> None:
        self.fake.submit(task_id, 1, result)


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()
