"""Identities of videos, their names in a dataset, and the detection of changes."""

import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.dataset.manifest import Manifest, VideoEntry, read_whole
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.sources.grouping import Evidence, parse_evidence
from ptrack_analysis.storage.files import checksum
from ptrack_analysis.storage.s3 import AnyPath, S3Path

ALGORITHM_VERSION = 2
"""Increase it if results for the same pages change. Every video is then computed again."""
_SECOND = 10**9
_TICK = _SECOND // 20
"""Time in which a file may change without a new timestamp, if timestamps have fractions of a second."""
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Digests:
    """Computes recorded identities and digests.

    Withheld data uses the salt. Without a salt it has no digest.
    """

    is_withheld: bool = False
    salt: bytes | None = None

    def identity(self, text: str) -> str:
        """Return an identity in the form recorded in the manifest."""
        return text if not self.is_withheld else hmac.new(self.salt or b"", text.encode(), sha256).hexdigest()

    def digest(self, text: str) -> str:
        """Return a digest of a text, or "" if it would identify withheld data."""
        if not self.is_withheld:
            return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
        if self.salt is None:
            return ""
        return hmac.new(self.salt, text.encode("utf-8", "surrogateescape"), sha256).hexdigest()[:_DIGITS]


def hash_source(root: AnyPath, digests: Digests) -> str:
    """Return the digest of a source's absolute path."""
    return digests.digest(str(root.resolve()) if isinstance(root, Path) else str(root))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One video of the source: identity, fingerprint, content and dataset entry.

    ``parts`` are the other parts of the video in the dataset. They are not searched for an unchanged part.
    """

    reference: VideoReference
    identity: str
    look: str
    content: str
    entry: VideoEntry | None
    parts: tuple[VideoEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownVideos:
    """The videos of a dataset by identity and by fingerprint (``look``)."""

    entries: Mapping[str, VideoEntry]
    looks: Mapping[str, VideoEntry]
    digests: Digests
    parts: frozenset[str]

    @classmethod
    def of(cls, manifest: Manifest, digests: Digests) -> "KnownVideos":
        """Return the videos of a manifest."""
        entries = {entry.identity: entry for entry in manifest.videos}
        looks = {entry.look: entry for entry in manifest.videos if entry.look}
        return cls(entries, looks, digests, frozenset(name.partition("@")[2] for name in manifest.names))


def identify(reference: VideoReference, root: AnyPath, part: str, known: KnownVideos) -> Candidate:
    """Find the identity of a video and its entry, without reading unchanged files.

    The identity is the job, otherwise the filmed object in S3, otherwise the content of the files. ``part``
    is the exported time range.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    roles = "".join(f" {role}={value}" for role, value in (reference.form.part if reference.form else ()))
    suffix = part + roles
    digests = known.digests
    look = find_look(reference, root, suffix, digests)
    same = known.looks.get(look) if look else None
    if reference.identity.startswith(("job ", "video ")):
        stem, content = reference.identity, ""
    elif same is not None:
        return Candidate(reference, same.identity, look, same.content, same)
    else:
        content = hash_content(reference)
        stem, content = f"content {content}", digests.digest(content)
    identity = digests.identity(stem + suffix)
    entry = known.entries.get(identity)
    if entry is not None and not content:
        content = entry.content if look and entry.look == look else digests.digest(hash_content(reference))
    others = (known.entries.get(digests.identity(stem + other + roles)) for other in known.parts - {part})
    parts = tuple(other for other in others if other is not None)
    return Candidate(reference, identity, look, content, entry, parts)


def find_look(reference: VideoReference, root: AnyPath, suffix: str, digests: Digests) -> str:
    """Return the fingerprint of a video.

    It is a digest of the sizes and times of its files, or of ETags in S3. The fingerprint is empty if a file
    may still change without a new size or time.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    parts = [suffix]
    for file in reference.files:
        try:
            look, is_settled = look_at(file)
        except OSError as error:
            raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error
        if not is_settled:
            return ""
        parts.append(f"{shown(root, file)} {look}")
    return digests.digest("\n".join(parts))


def hash_content(reference: VideoReference) -> str:
    """Return the SHA-256 of the content of a video's files in any order.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    try:
        sums = sorted(
            {checksum(file) for file in reference.files if isinstance(file, S3Path) or file.is_file()}
        )
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror or error}") from error
    return sums[0] if len(sums) == 1 else sha256("".join(sums).encode()).hexdigest()


def look_at(path: AnyPath) -> tuple[str, bool]:
    """Return the fingerprint of a file, and True if any change will change it.

    On disk, the fingerprint contains the size, times and inode; in S3, the size and ETag. A file that has
    just changed may change again within the resolution of the system's clock and keep its fingerprint.

    Raises
    ------
    OSError
        If the file does not exist.
    RemoteError
        If S3 rejects a request.
    """
    if isinstance(path, S3Path):
        found = path.stat()
        return f"{found.st_size}-{found.tag}", found.tag is not None
    stat = path.stat()
    changed = max(stat.st_mtime_ns, stat.st_ctime_ns)
    grain = 3 * _SECOND if changed % _SECOND == 0 else _TICK
    look = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"
    return look, changed + grain <= time.time_ns()


def hash_settings(
    parameters: Mapping[str, Any], places: Mapping[str, Any], recording: Recording, reference: VideoReference
) -> str:
    """Return a digest of all inputs of a video's results except its pages.

    These inputs are options, zones and lines, the recording, the file format and the version of the
    algorithms.
    """
    form = None if reference.form is None else asdict(reference.form)
    text = json.dumps(
        [ALGORITHM_VERSION, parameters, places, recording.row(), form], sort_keys=True, default=str
    )
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


@dataclass(slots=True)
class Naming:
    """Chooses the names of videos in the dataset."""

    manifest: Manifest
    given: bool
    taken: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Reserve the names of videos in the dataset."""
        self.taken = {entry.video.lower(): entry.identity for entry in self.manifest.videos}

    def choose(self, candidate: Candidate, wanted: str, recording: Recording) -> str:
        """Return the name of a video in the dataset.

        If another video has the requested name, the local date of the recording is appended. If the date is
        unknown or that name is also taken, six digits of the identity are appended.

        Raises
        ------
        ParameterError
            If another video has a name that was given with ``name``.
        """
        entry, identity = candidate.entry, candidate.identity
        if entry is not None and (entry.video == wanted or entry.video.startswith(f"{wanted}-")):
            return entry.video
        if self.taken.get(wanted.lower(), identity) == identity:
            return self._take(wanted, identity)
        if self.given:
            raise ParameterError(
                f"name (--name) is {wanted!r}, but the dataset has a different video with this name. Use "
                "another name, or first remove that video (ptrack remove)."
            )
        stem, at, part = wanted.partition("@")
        ends = [] if recording.started_at is None else [f"{recording.started_at:%Y-%m-%d}"]
        digest = sha256(identity.encode()).hexdigest()
        ends += [digest[:6], digest[:32]]
        names = [f"{stem}-{end}{at}{part}" for end in ends]
        name = next(one for one in names if self.taken.get(one.lower(), identity) == identity)
        self.notes.append(
            f"{candidate.reference.files[0]} is a different video than {wanted!r} in the dataset, so it "
            f"is added as {name!r}. If it replaces {wanted!r}, remove the old video: "
            f"ptrack remove OUT --video {wanted}"
        )
        return self._take(name, identity)

    def _take(self, name: str, identity: str) -> str:
        self.taken[name.lower()] = identity
        return name


_CACHE = pa.schema([("name", pa.string()), ("look", pa.string()), ("evidence", pa.string())])


class EvidenceCache:
    """Cache of the evidence in unchanged files, in ``_ptrack/sources.parquet``.

    ``content`` is the file of an earlier run. ``mark`` identifies the source ``root``; rows of other sources
    are kept.
    """

    def __init__(self, content: bytes | None, root: AnyPath, mark: str) -> None:
        self._before = {} if content is None else _read_rows(content)
        self._root = root
        self._mark = mark
        self._looks: dict[str, str] = {}
        self._parsed: dict[str, frozenset[Evidence] | None] = {}

    def recall(self, file: AnyPath) -> frozenset[Evidence] | None:
        """Return the evidence in a file's pages; None if the file is new or changed."""
        try:
            look, is_settled = look_at(file)
        except OSError:
            return None  # reading the file raises an error later
        name = self._name(file)
        if is_settled:
            self._looks[name] = look
        known = self._before.get(name)
        if known is None or known[0] != look:
            return None
        if known[1] not in self._parsed:
            self._parsed[known[1]] = _parse_evidence(known[1])
        return self._parsed[known[1]]

    def format(self, evidence: Mapping[AnyPath, Iterable[Evidence]]) -> bytes:
        """Format the evidence of all files, with the fingerprints before reading."""
        rows = [(name, *row) for name, row in self._before.items() if not name.startswith(f"{self._mark}/")]
        for file, found in evidence.items():
            name = self._name(file)
            if name in self._looks:
                rows.append((name, self._looks[name], json.dumps(sorted(map(list, found), key=str))))
        rows.sort()
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns, schema=_CACHE), sink, compression="zstd")
        return bytes(sink.getvalue())

    def _name(self, file: AnyPath) -> str:
        name = f"{self._mark}/{shown(self._root, file)}"
        return name.encode("utf-8", "backslashreplace").decode()  # a name need not be valid text


def _parse_evidence(text: str) -> frozenset[Evidence] | None:
    """Return the evidence in JSON; None if it was edited."""
    try:
        return parse_evidence(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _read_rows(content: bytes) -> dict[str, tuple[str, str]]:
    """Read the fingerprint and evidence of each file; no rows if damaged."""
    try:
        table = read_whole(content)
    except (OSError, pa.ArrowException):
        return {}
    if not table.schema.equals(_CACHE) or any(column.null_count for column in table.columns):
        return {}
    columns = (table[name].to_pylist() for name in ("name", "look", "evidence"))
    return {name: (look, evidence) for name, look, evidence in zip(*columns, strict=True)}
