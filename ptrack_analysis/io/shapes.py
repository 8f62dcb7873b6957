"""The shapes in which pages are found, as types that msgspec decodes to."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct, field, json

nan = float("nan")
Count = Annotated[int, Meta(ge=0, le=2**53)]
Number = Annotated[float, Meta(ge=-1e6, le=1e6)]


class Box(Struct, rename="pascal", gc=False):
    """A bounding box, in fractions of the frame."""

    left: Number
    top: Number
    width: Number
    height: Number


class Pose(Struct, rename="pascal", gc=False):
    """How a face is turned [degrees]."""

    roll: Number | None = nan
    yaw: Number | None = nan
    pitch: Number | None = nan


class Quality(Struct, rename="pascal", gc=False):
    """How well a face can be seen, 0 to 100."""

    brightness: Number | None = nan
    sharpness: Number | None = nan


class Landmark(Struct, rename="pascal", gc=False):
    """A point of a face, in fractions of the frame."""

    type: str
    x: Number
    y: Number


class Face(Struct, rename="pascal", gc=False):
    """A face without its landmarks, which are then skipped unread."""

    bounding_box: Box | None = None
    confidence: Number | None = nan
    pose: Pose | None = None
    quality: Quality | None = None


class FaceWithLandmarks(Face, rename="pascal", gc=False):
    """A face with its landmarks."""

    landmarks: list[Landmark] | None = None


class Skipped(Struct, gc=False):
    """An object that is there but not read."""


F = TypeVar("F")
P = TypeVar("P")


class Person(Struct, Generic[F], rename="pascal", gc=False):
    """Who was seen."""

    index: Count
    bounding_box: Box | None = None
    face: F | None = None


class Record(Struct, Generic[F], rename="pascal", gc=False):
    """One element of ``Persons``: who was seen when."""

    timestamp: Count
    person: Person[F]


class VideoMetadata(Struct, rename="pascal", frozen=True):
    """What the service found out about the video."""

    codec: str | None = None
    duration_millis: Count | None = None
    format: str | None = None
    frame_rate: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    frame_height: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    frame_width: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    color_range: str | None = None


class S3Object(Struct, rename="pascal", frozen=True):
    """Where the video lies."""

    bucket: str | None = None
    name: str | None = None


class SourceVideo(Struct, rename="pascal", frozen=True):
    """The video that the job was started with."""

    s3_object: S3Object | None = field(name="S3Object", default=None)


class Failure(Struct):
    """The error of an envelope that reports no success."""

    code: str | None = None
    message: str | None = None


class Page(Struct, Generic[P], rename="pascal"):
    """One object that may be a page, hold pages, or be one record of a bare array; P is its Persons."""

    persons: P | None = None
    job_status: str | None = None
    status_message: str | None = None
    video_metadata: VideoMetadata | None = None
    next_token: str | None = None
    job_id: str | None = None
    job_tag: str | None = None
    video: SourceVideo | None = None
    original_response: "Page[P] | list[Page[P]] | None" = field(name="original_response", default=None)
    success: bool | None = field(name="success", default=None)
    data: "Page[P] | list[Page[P]] | None" = field(name="data", default=None)
    error: Failure | None = field(name="error", default=None)
    person: Skipped | None = None


class Decoders:
    """The decoders for one way of reading persons, each strict and lax (numbers may be texts)."""

    def __init__(self, persons: object, record: object) -> None:
        page = Page[persons]  # type: ignore[valid-type] # the type is made at run time
        self.pages = [json.Decoder(page | list[page], strict=strict) for strict in (True, False)]
        self.records = [json.Decoder(list[record], strict=strict) for strict in (True, False)]  # type: ignore[valid-type]
