"""The cast in a real Label Studio, and everything of ana's that somebody else might find.

Marker words are planted in whatever can hold text; her lane has a telling number of tasks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from tests.live_ls.rows import spread_ids
from tests.live_ls.server import LabelStudio

MARK = "xqzana"
COUNT_OF_ANA = 137
PASSWORD = "a-long-enough-password-7"

CONFIG = """<View><TimelineLabels name="phase" toName="video">
<Label value="pour"/><Label value="{label}"/></TimelineLabels>
<Video name="video" value="$video" frameRate="$fps"/></View>"""

# Only the ORM can make these without a network or a person's token.
PLANT = """
mark, lane, email, others = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
from data_export.models import Export
from data_manager.models import Filter
from django.core.files.base import ContentFile
from io_storages.localfiles.models import LocalFilesImportStorage
from io_storages.s3.models import S3ExportStorage, S3ImportStorage
from jwt_auth.models import LSAPIToken
from labels_manager.models import Label, LabelLink
from ml.models import MLBackend
from projects.models import Project, ProjectImport, ProjectReimport
from rest_framework.authtoken.models import Token
from users.models import User
from webhooks.models import Webhook

ana, project = User.objects.get(email=email), Project.objects.get(pk=lane)
organization = project.organization
ana.avatar.save(f"{mark}.png", ContentFile(f"{mark} avatar".encode()))
export = Export(project=project, created_by=ana, title=f"{mark} export", status="completed")
export.file.save(f"{mark}.json", ContentFile(f"{mark} exported".encode()))
export.save()
label = Label.objects.create(
    title=f"{mark} label", value=[f"{mark} value"], created_by=ana, organization=organization
)
link = LabelLink.objects.create(project=project, label=label, from_name="phase")
s3 = S3ImportStorage.objects.create(project=project, title=f"{mark} s3", bucket=f"{mark}-bucket")
s3_export = S3ExportStorage.objects.create(
    project=project, title=f"{mark} s3 out", bucket=f"{mark}-bucket"
)
local = LocalFilesImportStorage.objects.create(
    project=project, title=f"{mark} files", path=f"/{mark}/files"
)
backend = MLBackend.objects.create(project=project, url=f"http://127.0.0.1:9/{mark}", title=mark)
hook = Webhook.objects.create(
    organization=organization, project=project, url=f"http://127.0.0.1:9/{mark}", is_active=False
)
forged = {}
for other in others:
    user = User.objects.get(email=other)
    refresh = LSAPIToken.for_user(user)
    forged[other] = {
        "token": Token.objects.get_or_create(user=user)[0].key,
        "bearer": str(refresh.access_token),
        "refresh": refresh.get_full_jwt(),
    }
print(json.dumps({
    "export": export.pk, "label": label.pk, "label_link": link.pk, "s3": s3.pk,
    "s3_export": s3_export.pk, "local": local.pk, "ml": backend.pk, "webhook": hook.pk,
    "import": ProjectImport.objects.create(project=project).pk,
    "reimport": ProjectReimport.objects.create(project=project).pk,
    "filter": Filter.objects.order_by("-pk").first().pk,
    "organization": organization.pk, "avatar": ana.avatar.name, "forged": forged,
}))
"""

STOCK_MEMBERS = """
from organizations.models import Organization
from projects.models import ProjectMember
from users.models import User

organization = Organization.objects.first()
made = {}
for person in json.loads(sys.argv[1]):
    user = User.objects.create_user(
        person["email"], person["password"], first_name=person["first_name"],
        last_name=person["last_name"], active_organization=organization,
    )
    organization.add_user(user)
    for lane in person["projects"]:
        ProjectMember.objects.create(user=user, project_id=lane)
    made[person["email"]] = user.pk
print(json.dumps(made))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the cast: their account, their lane and what lies in it (0: nothing)."""

    name: str
    email: str
    user: int
    project: int = 0
    task: int = 0
    annotation: int = 0
    draft: int = 0
    prediction: int = 0
    view: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A Label Studio with the cast at work in it."""

    label_studio: LabelStudio
    ana: Person
    ben: Person
    sam: Person
    kim: Person
    planted: dict[str, Any]

    def session(self, person: Person) -> httpx.Client:
        """Log somebody in."""
        return self.label_studio.login(person.email, PASSWORD)


def build_world(label_studio: LabelStudio, *, guarded: bool = True) -> World:
    """Put the cast to work: ben, sam and kim first, then ana on ids of her own."""
    with label_studio.admin() as admin:
        ben = _at_work(label_studio, admin, "ben", guarded=guarded)
        sam = _at_work(label_studio, admin, "sam", guarded=guarded)
        kim = Person(
            name="kim",
            email="kim@segue.example",
            user=_account(label_studio, "kim", [], guarded=guarded),
        )
        spread_ids(label_studio)
        ana = _at_work(label_studio, admin, "ana", n_tasks=COUNT_OF_ANA, guarded=guarded)
        upload = {"file": (f"{MARK}.json", json.dumps([_task_data(f"{MARK} uploaded")]))}
        answer = admin.post(
            f"/api/projects/{ana.project}/import?commit_to_project=false", files=upload
        )
        assert answer.status_code == 201, answer.text
        (file_upload,) = answer.json()["file_upload_ids"]
        uploaded = admin.get(f"/api/import/file-upload/{file_upload}").json()
    others = json.dumps([person.email for person in (ben, sam, kim)])
    planted = label_studio.run_inside(PLANT, MARK, str(ana.project), ana.email, others)
    planted |= {"file_upload": file_upload, "file": uploaded["file"]}
    return World(label_studio=label_studio, ana=ana, ben=ben, sam=sam, kim=kim, planted=planted)


def _at_work(
    label_studio: LabelStudio,
    admin: httpx.Client,
    name: str,
    *,
    n_tasks: int = 1,
    guarded: bool,
) -> Person:
    mark = f"xqz{name}"
    config = CONFIG.format(label=f"{mark} phase")
    lane = _sent(admin, "/api/projects/", {"title": f"{mark} lane", "label_config": config})["id"]
    user = _account(label_studio, name, [lane], guarded=guarded)
    tasks = [
        {
            "data": _task_data(f"{mark} data {number}"),
            "predictions": [{"model_version": f"{mark} model", "result": [region(1, 9)]}],
        }
        for number in range(n_tasks)
    ]
    _sent(admin, f"/api/projects/{lane}/import", tasks)
    listed = admin.get(f"/api/tasks?project={lane}&page_size=1&fields=all").json()["tasks"][0]
    view = _sent(admin, "/api/dm/views/", {"project": lane, "data": _view_data(mark)})["id"]
    email = f"{name}@segue.example"
    with label_studio.login(email, PASSWORD) as client:
        task = listed["id"]
        draft = {"result": [region(2, 7, note=f"{mark} draft")], "lead_time": 4.2}
        draft_id = _sent(client, f"/api/tasks/{task}/drafts?project={lane}", draft)["id"]
        annotation = {"result": [region(1, 8, note=f"{mark} annotation")], "lead_time": 61.7}
        annotation_id = _sent(client, f"/api/tasks/{task}/annotations?project={lane}", annotation)[
            "id"
        ]
    return Person(
        name=name,
        email=email,
        user=user,
        project=lane,
        task=task,
        annotation=annotation_id,
        draft=draft_id,
        prediction=listed["predictions"][0]["id"],
        view=view,
    )


def _account(label_studio: LabelStudio, name: str, lanes: list[int], *, guarded: bool) -> int:
    person: dict[str, Any] = {
        "email": f"{name}@segue.example",
        "password": PASSWORD,
        "first_name": f"Xqz{name}first",
        "last_name": f"Xqz{name}last",
        "projects": lanes,
    }
    if guarded:
        return int(label_studio.make_member(**person)["id"])
    made = label_studio.run_inside(STOCK_MEMBERS, json.dumps([person]))
    return int(made[person["email"]])


def region(
    onset: int, offset: int, *, note: str | None = None, label: str = "pour"
) -> dict[str, Any]:
    """Return one timeline region in Label Studio's own JSON."""
    found: dict[str, Any] = {
        "id": f"r{onset}x{offset}",
        "type": "timelinelabels",
        "from_name": "phase",
        "to_name": "video",
        "value": {"ranges": [{"start": onset, "end": offset}], "timelinelabels": [label]},
    }
    return found | ({"meta": {"text": [note]}} if note else {})


def _task_data(words: str) -> dict[str, Any]:
    return {"video": f"/segue/media/{words.replace(' ', '-')}", "fps": 25, "brief": words}


def _view_data(mark: str) -> dict[str, Any]:
    items = [
        {
            "filter": "filter:tasks:data.brief",
            "operator": "contains",
            "type": "String",
            "value": mark,
        }
    ]
    return {"title": f"{mark} view", "filters": {"conjunction": "and", "items": items}}


def _sent(client: httpx.Client, path: str, body: object) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text[:500]}"
    found: dict[str, Any] = answer.json()
    return found
