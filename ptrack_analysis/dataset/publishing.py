"""Atomic changes of a dataset with staged files and a journal.

1. New files, including the new manifest, are written below ``_ptrack/staging/RUN``.
2. The journal is written. From this step on, the change is completed even if the process ends.
3. Delta tables are committed. Staged files are moved, facts first and dimensions last. Unused files are
   removed.
4. The new manifest replaces the old manifest. Journal and staged files are removed.

A run that finds a journal finishes that change. A run that finds only staged files discards them.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ptrack_analysis.dataset.delta import TableChange, apply_changes
from ptrack_analysis.dataset.lock import HOLDER
from ptrack_analysis.dataset.manifest import (
    JOURNAL,
    MANIFEST,
    PRIVATE,
    SOURCES,
    STAGING,
    DatasetFile,
    format_manifest,
    is_inside,
    parse_manifest,
)
from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.storage.files import (
    explain,
    flush,
    flush_folder,
    make_folder,
    remove_file,
    remove_leftovers,
    write_bytes,
)
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_PATIENCE = 5.0
"""Time that a reader waits for a run that is publishing [s]."""
_STEP = 0.05
_WRITTEN = tuple(Path(place).name for place in (JOURNAL, SOURCES, HOLDER))
"""Files that are first written under a temporary name, which a killed run may leave behind."""


def name_run() -> str:
    """Return a name for the staging folder of this run."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"


def stage_file(
    out: AnyPath, run: str, place: str, content: Any, *, rows: int = 0, batch: int = -1
) -> DatasetFile:
    """Write a file durably to a run's staging folder, and return its manifest entry.

    Raises
    ------
    OutputError
        If the file cannot be written (no permission, disk full).
    RemoteError
        If S3 rejects a request.
    """
    view = memoryview(content)
    staged = out / STAGING / run / place
    if isinstance(staged, S3Path):
        staged.write_bytes(bytes(view))
    else:
        make_folder(staged.parent)
        try:
            with staged.open("wb") as file:
                file.write(view)
                flush(file)
        except OSError as error:
            raise OutputError(f"{out / place}: cannot be written: {explain(error)}") from error
    return DatasetFile(place, rows, len(view), sha256(view).hexdigest(), batch)


@dataclass(frozen=True, slots=True)
class Change:
    """A change: staged files to move, files to remove, and changes of Delta tables.

    ``moves`` and ``removals`` are paths relative to the dataset. With ``purge``, earlier versions of Delta
    tables are deleted.
    """

    run: str
    moves: tuple[str, ...]
    removals: tuple[str, ...]
    tables: tuple[TableChange, ...] = ()
    purge: bool = False


def publish(
    out: AnyPath,
    change: Change,
    manifest: bytes,
    check: Callable[[], None],
    *,
    tag: str | None = None,
) -> None:
    """Publish a staged change.

    Parameters
    ----------
    out
        The dataset.
    change
        The change. Its files are already staged.
    manifest
        The content of the new manifest.
    check
        Called before the journal is written; raises an error if another run has taken over the dataset.
    tag
        In S3, the ETag of the manifest at the start of the run; None for a new dataset.

    Raises
    ------
    OutputError
        If a file cannot be written, or another run has changed the dataset.
    RemoteError
        If S3 rejects a request.
    """
    stage_file(out, change.run, MANIFEST, manifest)
    journal = asdict(change) | {"tag": tag}
    if isinstance(out, Path):
        for folder in {(out / STAGING / change.run / place).parent for place in (*change.moves, MANIFEST)}:
            flush_folder(folder)
    check()
    write_bytes_to(out, JOURNAL, f"{json.dumps(journal)}\n".encode())
    _finish(out, change, tag)


def write_bytes_to(out: AnyPath, place: str, content: bytes) -> None:
    """Write a file of the dataset atomically."""
    path = out / place
    if isinstance(path, S3Path):
        path.write_bytes(content)
        return
    make_folder(path.parent)
    write_bytes(path, content)


def remove_sources(out: AnyPath) -> None:
    """Remove the cache of sources, which contains file names.

    The next export reads the files again.
    """
    if isinstance(out, S3Path):
        (out / SOURCES).unlink()
    else:
        remove_file(out / SOURCES, up_to=out)


def recover(out: AnyPath) -> bool:
    """Finish the change of a killed run, or discard its staged files.

    Return whether there was a change.

    Raises
    ------
    InputError
        If the journal is damaged.
    OutputError
        If a file cannot be written or removed.
    RemoteError
        If S3 rejects a request.
    """
    change = _read_journal(out)
    if change is not None:
        _finish(out, *change)
        return True
    _discard(out)
    return False


def discard_staged(out: AnyPath) -> None:
    """Remove the staged files of a failed run, unless there is a journal.

    In S3, the next run removes them, because S3 itself may have failed.
    """
    if isinstance(out, Path) and not (out / JOURNAL).exists():
        with suppress(OutputError):  # the next run tries again
            _discard(out)


def wait_for_change(out: AnyPath) -> None:
    """Wait until no run is publishing, so that all files match the manifest.

    Raises
    ------
    InputError
        If a run was killed while it published.
    """
    end = time.monotonic() + _PATIENCE
    while (out / JOURNAL).is_file():
        if time.monotonic() > end:
            raise InputError(
                f"{out}: a run was interrupted while it changed the dataset. Run ptrack export or ptrack "
                "compact, which first finish that change."
            )
        time.sleep(_STEP)


def _read_journal(out: AnyPath) -> tuple[Change, str | None] | None:
    path = out / JOURNAL
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes())
        tables = tuple(_parse_table(one) for one in found.get("tables", ()))
        change = Change(
            str(found["run"]),
            tuple(found["moves"]),
            tuple(found["removals"]),
            tables,
            bool(found.get("purge")),
        )
        places = [place for one in tables for place in (one.table, *one.files)]
        places += [change.run, *change.moves, *change.removals]
        sound = all(map(is_inside, places)) and "/" not in change.run
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: the journal is damaged: {error}") from error
    if not sound:
        raise InputError(f"{path}: the journal lists files outside the dataset")
    return change, found.get("tag")


def _parse_table(found: dict[str, Any]) -> TableChange:
    videos = found["videos"]
    lists = {"files": tuple(found["files"]), "videos": None if videos is None else tuple(videos)}
    return TableChange(**(found | lists))


def _commit_tables(out: AnyPath, change: Change) -> None:
    """Commit changes of Delta tables, and write their versions to the manifest."""
    staging = out / STAGING / change.run
    staged = staging / MANIFEST
    if not change.tables or not staged.is_file():
        return
    versions = apply_changes(out, staging, change.tables, purge=change.purge)
    manifest = parse_manifest(staged.read_bytes(), staged)
    manifest = replace(manifest, versions={**manifest.versions, **versions})
    write_bytes_to(out, f"{STAGING}/{change.run}/{MANIFEST}", format_manifest(manifest))


def _finish(out: AnyPath, change: Change, tag: str | None) -> None:
    """Apply the journal; skip finished steps."""
    _commit_tables(out, change)
    if isinstance(out, S3Path):
        _finish_remote(out, change, tag)
        return
    staging = out / STAGING / change.run
    folders = {out / PRIVATE}
    try:
        for place in change.moves:
            source, target = staging / place, out / place
            if source.exists():
                make_folder(target.parent)
                source.replace(target)
                folders.add(target.parent)
        for place in change.removals:
            remove_file(out / place, up_to=out)
        for folder in folders:
            if folder.is_dir():
                flush_folder(folder)
        if (staging / MANIFEST).exists():
            (staging / MANIFEST).replace(out / MANIFEST)
            flush_folder(out / PRIVATE)
        (out / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be changed: {explain(error).rstrip('.')}. The next run finishes this change."
        ) from error
    _discard(out)


def _finish_remote(out: S3Path, change: Change, tag: str | None) -> None:
    """Apply the journal in S3; repeat finished steps.

    Files are copied only if the manifest has not changed since the start of the run. Otherwise, another run
    has changed the dataset, and this change is dropped.
    """
    staging = out / STAGING / change.run
    staged = {found.relative_to(staging).as_posix(): found for found in staging.below()}
    content = staged[MANIFEST].read_bytes() if MANIFEST in staged else None
    current = (out / MANIFEST).find_tag()
    is_published = content is not None and current != tag and (out / MANIFEST).read_bytes() == content
    is_complete = content is not None and all(place in staged for place in change.moves)
    if not is_complete or (current != tag and not is_published):
        _drop(out, staged.values())
        raise OutputError(f"{out}: another run has changed the dataset. Run again.")
    for place in change.moves:
        staged[place].copy_to(out / place)
    for place in change.removals:
        (out / place).unlink()
    if not is_published:
        (out / MANIFEST).write_bytes(content or b"", new=tag is None, instead_of=tag)
    _drop(out, staged.values())


def _drop(out: S3Path, staged: Iterable[S3Path]) -> None:
    """Remove the journal and then the staged files."""
    (out / JOURNAL).unlink()
    for found in staged:
        found.unlink()


def _discard(out: AnyPath) -> None:
    """Remove the staged files of killed runs."""
    if isinstance(out, S3Path):
        for found in (out / STAGING).below():
            found.unlink()
        return
    try:
        if (out / STAGING).exists():
            shutil.rmtree(out / STAGING)
        remove_leftovers(out / PRIVATE, _WRITTEN, of_all=True)
    except OSError as error:
        raise OutputError(f"{out / STAGING}: cannot be removed: {explain(error)}") from error


def list_places(out: AnyPath) -> dict[str, int]:
    """List the files of a dataset that readers can find, with their sizes."""
    if isinstance(out, S3Path):
        found: Iterable[tuple[str, int]] = (
            (path.relative_to(out).as_posix(), path.stat().st_size) for path in out.below()
        )
        return {place: size for place, size in found if not is_private(place)}
    sizes = dict[str, int]()
    for folder, folders, files in os.walk(out):
        folders[:] = [name for name in folders if name[0] not in "._"]
        below = os.path.relpath(folder, out)
        for name in files:
            if name[0] not in "._":
                place = name if below == "." else f"{below}/{name}".replace(os.sep, "/")
                sizes[place] = os.stat(os.path.join(folder, name)).st_size  # noqa: PTH116, PTH118 - thousands of files
    return sizes


def is_private(place: str) -> bool:
    """Return whether engines skip a file.

    They do if a part of its path begins with ``_`` or a dot.
    """
    return any(part[0] in "._" for part in place.split("/") if part)
