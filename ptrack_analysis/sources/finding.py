"""Which videos a source holds, be it pages or another tracker's file."""

from collections.abc import Mapping
from typing import Literal

from ptrack_analysis.errors import InputError, NoPageError
from ptrack_analysis.sources.archive import (
    FormatOptions,
    Recall,
    Scan,
    Source,
    VideoReference,
    list_files,
    scan,
)
from ptrack_analysis.sources.names import slugs
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.sources.trackers.tracked import title_of_source
from ptrack_analysis.storage.s3 import AnyPath, parse_path

PAGES = "pages"
_FEW = 20
_SHOWN = 5
_JSON = (b"{", b"[", b"\x1f\x8b")


def find_videos(
    source: Source,
    *,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    unit: Literal["px", "fraction"] | None = None,
) -> list[VideoReference]:
    """Find the videos of an archive: a file, or a folder with pages of one job or of many.

    Pages with one JobId are one video. Pages without are grouped by folder, and within a folder by file name
    without its trailing number: ``page-1`` and ``page-2`` are one video, ``a.persons`` and ``b.persons`` are
    two. A video's name is its path below the source without suffix and trailing number (of a file given
    itself, its stem), its parts joined by ``-``, made safe, with a short hash where that changed it or two
    would be equal. A file that is named like a page and is not well-formed belongs to the videos of its
    group, and reading them says what is wrong.

    What is no page may be another tracker's file, which is one video; see ``read_tracking``.

    Parameters
    ----------
    source
        A file or a folder, on disk or in S3 (``s3://bucket/prefix``), searched to any depth; hidden files
        and links to folders are left out.

    format, columns, first_frame, unit
        How another tracker's file is to be read, as in ``read_tracking``.

    Returns
    -------
    list of VideoReference
        In the natural order of their first files.

    Raises
    ------
    InputError
        If there is no such file or folder, no page in it, or several other trackers' files.
    """
    return scan_source(source, form_given(format, columns, first_frame, unit)).videos


def scan_source(source: Source, form: FormatOptions | None = None, recall: Recall | None = None) -> Scan:
    """Find the videos of a source, and what in it is none; ``recall`` is as in ``scan``."""
    path = parse_path(source)
    form = form or form_of_file(path)
    if form is not None and form.format != PAGES:
        return Scan([_reference(path, form)], [])
    try:
        return scan(path, recall)
    except NoPageError as error:
        if form is not None:
            raise
        return Scan([_reference(*instead(path, error))], [])


def form_given(
    format: str | None,  # noqa: A002 - what everyone calls it
    columns: Mapping[str, str] | None,
    first_frame: int | None,
    unit: Literal["px", "fraction"] | None,
) -> FormatOptions | None:
    """Gather what is said about how a file is to be read; None where nothing is."""
    if format is None and columns is None and first_frame is None and unit is None:
        return None
    return FormatOptions(format or "", tuple(sorted((columns or {}).items())), first_frame, unit)


def form_of_file(path: AnyPath) -> FormatOptions | None:
    """Recognize a file whose name is not that of a page; None for pages, and for folders.

    Raises
    ------
    InputError
        If it is no tracker's file that is known, and does not begin as JSON does.
    """
    if is_named_like_a_page(path.name) or not path.is_file():
        return None
    try:
        return FormatOptions(recognize(path).name)
    except InputError:
        with path.open("rb") as file:
            if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_JSON):
                return None
        raise


def instead(path: AnyPath, error: NoPageError) -> tuple[AnyPath, FormatOptions]:
    """Recognize what holds no page: a file, a folder that is one result, or the only such file of a folder.

    Raises
    ------
    NoPageError
        If nothing is recognized: then there is no page.
    InputError
        If several files of a folder are.
    """
    if (form := _recognised(path)) is not None:
        return path, form
    found = [(file, form) for file in _few_files(path) if (form := _recognised(file)) is not None]
    if not found:
        raise error
    if len(found) > 1:
        names = ", ".join(repr(file.name) for file, _ in found[:_SHOWN])
        raise InputError(f"{path}: holds {len(found)} files of other trackers ({names}); give one of them")
    return found[0]


def _recognised(path: AnyPath) -> FormatOptions | None:
    try:
        return FormatOptions(recognize(path).name)
    except InputError:
        return None


def _few_files(path: AnyPath) -> list[AnyPath]:
    """List the files of a folder, if it has few: no more are looked at."""
    files = [] if path.is_file() else _all_files(path)
    return files if len(files) <= _FEW else []


def _all_files(folder: AnyPath) -> list[AnyPath]:
    """List the files of a folder, pages and others, by name."""
    listing = list_files(folder)
    return sorted([*listing.files, *(folder / name for name, _ in listing.others)], key=str)


def _reference(path: AnyPath, form: FormatOptions) -> VideoReference:
    is_folder = not path.is_file()
    files = _all_files(path) if is_folder else [path]
    name = slugs([title_of_source(path, is_folder=is_folder) or "video"])[0]
    return VideoReference(name, tuple(files) or (path,), form=form)
