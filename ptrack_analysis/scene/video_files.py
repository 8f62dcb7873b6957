"""Video files: decode their frames upright and with their times, and encode new ones."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Self

from PIL import Image

from ptrack_analysis.errors import OutputError, ParameterError

_THOUSAND = 1000
_SEEK_ABOVE = 2
"""Distance to a later frame above which decoding starts again at the key frame before it [s]."""
_TURNS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A decoded frame: ``time`` since the first frame, and ``duration`` as stated in the file [s]."""

    time: Fraction
    duration: Fraction
    decoded: Any

    @property
    def milliseconds(self) -> int:
        """Time in integer milliseconds, rounded up.

        Trackers truncate or round the time of a frame to ms. The detections of the frame are not later than
        this time, and the detections of the next frame are.
        """
        return ceil(self.time * _THOUSAND)

    @property
    def end(self) -> Fraction:
        """Time at which the frame is no longer shown, unless the next one is earlier."""
        return self.time + self.duration

    def to_image(self) -> Image.Image:
        """Return the frame in red, green and blue, rotated upright as stated in the file."""
        image: Image.Image = self.decoded.to_image()
        turn = _TURNS.get(_quarters(self.decoded))
        return image if turn is None else image.transpose(turn)


class VideoFile:
    """A video file open for reading, decoded frame by frame.

    Parameters
    ----------
    path
        The file.
    purpose
        Start of error messages, such as ``video_file 'film.mp4'``.

    Raises
    ------
    ParameterError
        If PyAV is not installed, or the file is missing, broken or has no video stream.
    """

    def __init__(self, path: str | PathLike[str], purpose: str) -> None:
        self.path, self.purpose = fspath(path), purpose
        try:
            self._av = import_module("av")
        except ImportError as error:
            raise ParameterError(
                f"{purpose} cannot be read without PyAV: pip install 'ptrack-analysis[video]'"
            ) from error
        if not Path(self.path).is_file():
            raise ParameterError(f"{purpose} cannot be read: there is no file {self.path!r}")
        self._container: Any = None
        self.end: Fraction | None = None
        """End of the last frame [s], as soon as it has been decoded."""
        self.left_out = 0
        """Number of skipped frames: without a time, or not later than the previous frame."""
        try:
            self._container = self._av.open(self.path)
            self._stream = self._open_stream()
            self._first = self._decode_first()
        except BaseException as error:
            self.close()
            if isinstance(error, self._av.error.FFmpegError | OSError):
                raise self._broken() from error
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright image [px]."""
        size = self._first.width, self._first.height
        return size[::-1] if _quarters(self._first) % 2 else size

    @property
    def frame_rate(self) -> Fraction | None:
        """Mean number of frames per second, as stated in the file."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return Fraction(rate) if rate else None

    @property
    def time_base(self) -> Fraction:
        """Resolution of the times of the frames [s]."""
        return Fraction(self._stream.time_base)

    @property
    def duration(self) -> Fraction | None:
        """Duration as stated in the file [s]."""
        duration = self._stream.duration
        if duration is not None:
            return Fraction(duration * self._stream.time_base)
        whole = self._container.duration
        return None if whole is None else Fraction(whole, self._av.time_base)

    @property
    def color(self) -> tuple[int, int, int]:
        """Color space, primaries and transfer function, by their numbers in H.264."""
        names = ("colorspace", "color_primaries", "color_trc")
        space, primaries, transfer = (int(getattr(self._first, name, _UNSPECIFIED)) for name in names)
        return space, primaries, transfer

    def decode(self, start: Fraction = Fraction(0)) -> Iterator[VideoFrame]:
        """Yield the frames in order, from the key frame before a time [s] on.

        Frames without a time, and frames that are not later than the previous one, are skipped and counted.

        Raises
        ------
        ParameterError
            If the file is broken.
        """
        try:
            last: Fraction | None = None
            for frame in self._decode_from(start):
                if last is None or frame.time > last:
                    last = frame.time
                    yield frame
                else:
                    self.left_out += 1
            self.end = None if last is None else frame.end
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._broken() from error

    def find_frames(self, times: Iterable[Fraction]) -> Iterator[VideoFrame | None]:
        """Yield the frame that is shown at each of the times, given in ascending order [s].

        This is the last frame that begins at or before the time; None after the end of the file.
        """
        frames: Iterator[VideoFrame] = iter(())
        found: VideoFrame | None = None
        ahead: VideoFrame | None = None
        for time in times:
            if self.end is not None and time >= self.end:
                yield None
                continue
            if found is None or time - found.time > _SEEK_ABOVE:
                frames = self.decode(time)
                found, ahead = None, next(frames, None)
            while ahead is not None and ahead.time <= time:
                found, ahead = ahead, next(frames, None)
            yield None if found is None or (ahead is None and time >= found.end) else found

    def _decode_from(self, start: Fraction) -> Iterator[VideoFrame]:
        """Decode from the key frame before a time, or from the start of the file.

        In containers without an index, seeking may find a later key frame. The file is then opened again.
        """
        if start > 0:
            self._container.seek(self._to_ticks(start), stream=self._stream)
            frames = self._decode_on()
            first = next(frames, None)
            if first is not None and first.time <= start:
                yield first
                yield from frames
                return
        self._container.close()
        self._container = self._av.open(self.path)
        self._stream = self._open_stream()
        yield from self._decode_on()

    def _decode_on(self) -> Iterator[VideoFrame]:
        origin = self._find_ticks(self._first) * self._first.time_base
        found: VideoFrame | None = None
        for frame in self._container.decode(self._stream):
            ticks, duration = self._find_ticks(frame), self._find_duration(frame)
            if ticks is not None:
                found = VideoFrame(Fraction(ticks * frame.time_base - origin), duration, frame)
            elif self._is_avi and found is not None:  # the last frames, which the decoder delayed
                found = VideoFrame(found.end, duration, frame)
            else:
                self.left_out += 1
                continue
            yield found

    @property
    def _is_avi(self) -> bool:
        """Whether the frames have no presentation times, but decoding times in the same order."""
        return bool(self._container.format.name == "avi")

    def _find_ticks(self, frame: Any) -> Any:
        return frame.dts if self._is_avi else frame.pts

    def _to_ticks(self, time: Fraction) -> int:
        return int(time / self._stream.time_base) + int(self._find_ticks(self._first))

    def _find_duration(self, frame: Any) -> Fraction:
        if frame.duration:
            return Fraction(frame.duration * frame.time_base)
        return 1 / self.frame_rate if self.frame_rate else Fraction(1, _THOUSAND)

    def _open_stream(self) -> Any:
        if not self._container.streams.video:
            raise ParameterError(f"{self.purpose} cannot be read: {self.path!r} has no video stream")
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        return stream

    def _decode_first(self) -> Any:
        for frame in self._container.decode(self._stream):
            if self._find_ticks(frame) is not None:
                return frame
        raise ParameterError(
            f"{self.purpose} cannot be read: {self.path!r} has no frames with a time. Convert it to MP4."
        )

    def _broken(self) -> ParameterError:
        return ParameterError(f"{self.purpose} cannot be read: {self.path!r} is not a video or is damaged")


def _quarters(decoded: Any) -> int:
    """Return the number of quarter turns counter-clockwise that make a frame upright."""
    return int(round(decoded.rotation / 90) % 4)


_QUALITY = {"libx264": {"crf": "20", "preset": "veryfast", "bf": "0"}, "mpeg4": {"qscale": "3"}}
"""Options of each encoder. Without B-frames, all containers preserve irregular times."""
_FORMATS = {"mp4": "mp4", "mov": "mov", "mkv": "matroska"}
_FINEST = 60_000
"""Ticks per second that every encoder accepts."""
_UNSPECIFIED = 2
_MATRICES = {1: "ITU709", 4: "FCC", 5: "ITU601", 6: "ITU601", 7: "SMPTE240M", 9: "BT2020"}
"""Conversions from red, green and blue by the number of the color space in H.264."""


class VideoWriter:
    """A video file open for writing: H.264 if PyAV has libx264, otherwise MPEG-4. It has no sound.

    Parameters
    ----------
    path
        The file, which is replaced.
    form
        ``mp4``, ``mov`` or ``mkv``.
    size
        Width and height of the images [px]; an odd last column or row is cut off.
    source
        The file from which frame rate, time resolution and color space are copied.
    comment
        Text for the metadata of the file.
    """

    def __init__(
        self, path: str | PathLike[str], form: str, size: tuple[int, int], source: VideoFile, comment: str
    ) -> None:
        self._av = import_module("av")
        codec = "libx264" if "libx264" in self._av.codecs_available else "mpeg4"
        options = {} if form == "mkv" else {"movflags": "+faststart"}
        self._container = self._av.open(fspath(path), "w", format=_FORMATS[form], options=options)
        self._container.metadata["comment"] = comment
        rate = source.frame_rate or Fraction(25)
        stream = self._container.add_stream(codec, rate=rate.limit_denominator(1001), options=_QUALITY[codec])
        self.size = max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2)
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        is_fine = source.time_base.numerator == 1 and source.time_base.denominator >= _FINEST
        self._time_base = source.time_base if is_fine and codec == "libx264" else Fraction(1, _FINEST)
        stream.codec_context.time_base = self._time_base
        space, primaries, transfer = source.color
        self._matrix = _MATRICES.get(space)
        if self._matrix is not None:
            stream.codec_context.colorspace = space
            stream.codec_context.color_primaries, stream.codec_context.color_trc = primaries, transfer
        stream.codec_context.color_range = 1
        self._stream = stream
        self._last = -1

    def write(self, image: Image.Image, time: Fraction) -> None:
        """Encode an image that is shown from this time on [s]."""
        if image.size != self.size:
            image = image.crop((0, 0, *self.size))
        frame = self._av.VideoFrame.from_image(image).reformat(format="yuv420p", dst_colorspace=self._matrix)
        self._last = max(round(time / self._time_base), self._last + 1)
        frame.pts, frame.time_base = self._last, self._time_base
        with self._reporting_errors():
            self._container.mux(self._stream.encode(frame))

    def close(self, duration: Fraction | None) -> None:
        """Complete the file; the last image is shown for ``duration`` [s]. Without one, discard the file."""
        if duration is None:
            with suppress(self._av.error.FFmpegError, OSError):
                self._container.close()
            return
        with self._reporting_errors():
            for packet in self._stream.encode():
                if packet.pts == self._last:
                    packet.duration = max(round(duration / self._time_base), 1)
                self._container.mux(packet)
            self._container.close()

    @contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        try:
            yield
        except (self._av.error.FFmpegError, OSError) as error:
            raise OutputError(f"The video cannot be written: {error.strerror or error}") from error
