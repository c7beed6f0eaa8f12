"""Bring a Label Studio database to the point where the web server may start.

Run it before the server, with the same environment: two server processes that both find an
empty database would migrate it at once.
"""

from core.utils.params import get_env
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from organizations.models import Organization
from rest_framework.authtoken.models import Token
from users.models import User

NEEDED = ("USERNAME", "PASSWORD", "USER_TOKEN")


class Command(BaseCommand):
    help = "Migrate, and make the service account named by LABEL_STUDIO_USERNAME."

    def handle(self, *args, **options) -> None:
        given = {name: get_env(name) for name in NEEDED}
        missing = [f"LABEL_STUDIO_{name}" for name, value in given.items() if not value]
        if missing:
            raise CommandError(f"Set {', '.join(missing)} first.")
        call_command("migrate", interactive=False, verbosity=0)
        with transaction.atomic():
            self._service_account(given)
        self.stdout.write("Label Studio is prepared.")

    def _service_account(self, given: dict) -> None:
        email = given["USERNAME"].lower()
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        user.is_staff = user.is_superuser = True
        if not user.check_password(given["PASSWORD"]):
            user.set_password(given["PASSWORD"])
        organization = Organization.objects.order_by("pk").first()
        if organization is None:
            organization = Organization.create_organization(created_by=user, title="Segue")
        organization.add_user(user)
        user.active_organization = organization
        user.save()
        # The service speaks with a legacy token; personal tokens need an anonymous refresh
        # endpoint, which the guard keeps shut.
        organization.jwt.legacy_api_tokens_enabled = True
        organization.jwt.save()
        if not Token.objects.filter(user=user, key=given["USER_TOKEN"]).exists():
            Token.objects.filter(user=user).delete()
            Token.objects.create(user=user, key=given["USER_TOKEN"])
