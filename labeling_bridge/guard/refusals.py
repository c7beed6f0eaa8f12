"""How the guard says no: the same few words always, so that a refusal tells nothing."""

from django.http import JsonResponse

SENTENCES = {
    401: "Log in first.",
    403: "This is not open to you.",
    404: "Not found.",
}


class RefusedError(Exception):
    """The request goes no further."""

    def __init__(self, status: int) -> None:
        super().__init__(SENTENCES[status])
        self.status = status

    def response(self) -> JsonResponse:
        return JsonResponse({"detail": SENTENCES[self.status]}, status=self.status)


def forbid() -> None:
    """Refuse something that nobody but staff may do."""
    raise RefusedError(403)


def hide() -> None:
    """Refuse something that may exist, in the words for something that does not."""
    raise RefusedError(404)
