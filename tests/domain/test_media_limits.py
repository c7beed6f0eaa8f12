import pytest
from pydantic import TypeAdapter, ValidationError

from services.domain.errors import InputError
from services.domain.media_limits import MediaLimits, StreamChoice


def test_a_document_without_a_word_is_the_default():
    assert MediaLimits.parse({}) == MediaLimits()
    assert MediaLimits.parse(MediaLimits().model_dump(mode="json")) == MediaLimits()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_bytes", 0),
        ("max_pixels", 1.5),
        ("max_frames", True),
        ("max_duration_s", -1),
        ("max_damaged_share", 1.1),
        ("timeout_s", 0),
        ("timeout_s", float("inf")),
        ("timeout_s", 1e19),
        ("memory_bytes", 1000),
        ("memory_bytes", 10**20),
        ("max_proxy_bytes", 2**63),
        ("max_proxy_bytes", None),
        ("colour", 1),
    ],
)
def test_a_faulty_field_is_named(field, value):
    with pytest.raises(InputError) as refusal:
        MediaLimits.parse({field: value})
    assert [fault["pointer"] for fault in refusal.value.errors] == [f"/{field}"]


def test_a_stream_is_named_or_numbered():
    adapter = TypeAdapter(StreamChoice)
    for choice in ("first", "largest", 0, 7):
        assert adapter.validate_python(choice) == choice
    for wrong in ("second", -1, "0", True, 1.0):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
