"""The zone editor in a notebook."""

from html import escape
from os import PathLike
from pathlib import Path
from threading import Thread
from typing import Any, Self

from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.server import EditorServer
from ptrack_analysis.editing.session import Bounds, open_session
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import at_least
from ptrack_analysis.pipeline.video_analysis import Tables, VideoAnalysis, open_video
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zone_files import read_zones
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.sources.archive import Source, VideoReference
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.web.ground import Background

_LOWEST = 360


class ZoneEditor:
    """An open zone editor, which displays itself in a notebook. ``read`` returns the saved outlines.

    The editor is open until ``close`` is called, the button Done is pressed or the process ends. It is also a
    context manager.

    Examples
    --------
    >>> editor = edit_zones("data/shop", "zones.geojson")
    >>> editor.is_open, editor.saved
    (True, False)
    >>> editor.close()
    """

    def __init__(self, server: EditorServer, height: int) -> None:
        self._server = server
        self._height = height
        self._thread = Thread(target=_serve, args=(server,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        session = self._server.files.session
        return f"ZoneEditor({str(session.output)!r}, {'open' if self.is_open else 'closed'})"

    @property
    def address(self) -> str:
        """A new address of the editor for another tab of the same browser.

        It opens one page, within two minutes. Until then, anyone who has the address can use the editor.
        """
        return self._server.create_address()

    @property
    def is_open(self) -> bool:
        """Whether the editor still answers."""
        return self._thread.is_alive() and not self._server.done

    @property
    def saved(self) -> bool:
        """Whether the zones were saved since the editor was opened."""
        return self._server.files.session.output in self._server.files.saved

    def read(self, video: Video | None = None, plane: Plane | None = None) -> tuple[list[Zone], list[Line]]:
        """Read the zone file, as ``read_zones`` does.

        Parameters
        ----------
        video
            The video, for its name and frame size; by default the video of the editor.
        plane
            The plane to project the outlines to; by default the image [px], or the floor plan or the plane of
            points for zones in meters.

        Raises
        ------
        ZoneError
            If nothing was saved yet, or the file is not a zone file.
        """
        session = self._server.files.session
        own = session.drawn_plane if session.unit == "m" or session.is_on_points else None
        return read_zones(session.output, video or session.video, plane=plane or own)

    @property
    def zones(self) -> list[Zone]:
        """The zones in the file."""
        return self.read()[0]

    @property
    def lines(self) -> list[Line]:
        """The lines in the file."""
        return self.read()[1]

    @property
    def floor(self) -> FloorPlan:
        """The floor plan in its file.

        Raises
        ------
        ParameterError
            If no floor plan file was given.
        ZoneError
            If the file does not exist yet.
        """
        session = self._server.files.session
        if session.plan is not None:
            return session.plan
        if session.floor is None:
            raise ParameterError("This editor has no floor plan. Pass floor='floor.json'.")
        return read_floor_plan(session.floor, session.video)

    def close(self) -> None:
        """Close the editor; unsaved changes are lost. A second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _repr_html_(self) -> str:
        """Return a frame with an address that opens one page and expires, so that it can be saved."""
        return (
            f'<iframe title="Zone editor" width="100%" height="{self._height}" '
            'style="border:0;display:block" '
            'sandbox="allow-scripts allow-same-origin allow-forms allow-modals" '
            f'src="{escape(self._server.create_address())}"></iframe>'
        )


def edit_zones(
    source: VideoAnalysis | VideoReference | Source | Tables | None = None,
    path: str | PathLike[str] = "zones.geojson",
    *,
    background: Picture | Background | None = None,
    zones: str | PathLike[str] | None = None,
    floor: str | PathLike[str] | None = None,
    unit: str | None = None,
    frame_size: tuple[int, int] | None = None,
    bounds: Bounds | None = None,
    replace: bool = False,
    port: int = 0,
    height: int = 640,
    **options: Any,
) -> ZoneEditor:
    """Draw zones and lines over the people of a video, in a notebook cell.

    The editor shows foot points, tracks and their ends, and the visits or counts of each zone and line while
    you draw. ``compute_visits``, ``compute_dwell`` and ``compute_crossings`` compute these figures with the
    options of the analysis. The editor also calibrates the floor plan on the image.

    The editor is served on this machine only, by a thread of this process. If the notebook runs on another
    machine, forward the port. The editor writes only the named files, when the user saves, and only if
    ``read_zones`` or ``read_floor_plan`` can read them. Properties and members that it does not edit stay in
    the files unchanged. A saved notebook contains no address that can still be used.

    Parameters
    ----------
    source
        A ``VideoAnalysis``, or any source of ``open_video``. None shows only the background, without people.
    path
        The zone file to write; opened first if it exists.
    background
        Image behind the drawing: a file, ``"video.mp4@12.5s"`` (needs the extra ``video``), or an array
        (rows, columns, colors). For zones in meters an image of the floor plan's bounds. By default blank.
    zones
        Another zone file to start from; by default the zone file of a ``VideoAnalysis``, if ``path`` does
        not exist.
    floor
        The floor plan file: read if it exists, and written by calibration.
    unit
        Unit of a new zone file: ``"fraction"`` of the frame (the default), ``"px"`` or ``"m"``. Zones of
        points are in the unit of the points.
    frame_size
        Width and height of the frame [px]; by default the size of the source or the background.
    bounds
        For points: x0, y0, x1, y1 of the part of the plane to draw on, which a background fills; by default
        around all points.
    replace
        Whether ``path`` may be replaced if it exists and ``zones`` is another file.
    port
        Port of the server; 0 is any free port.
    height
        Height of the cell, at least 360 [px].
    **options
        Options of ``open_video``, such as ``merge_gap="1s"`` or ``margin=10``, if ``source`` is not a
        ``VideoAnalysis``.

    Returns
    -------
    ZoneEditor
        ``.zones``, ``.lines`` and ``.read(video)`` return the saved outlines; ``.close()`` ends the editor.

    Raises
    ------
    ParameterError
        If there is nothing to draw on, the background cannot be read, the unit differs from the opened file,
        meters come without a floor plan, or the port cannot be used.
    ZoneError
        If a file cannot be opened.
    OutputError
        If ``path`` exists and is not the opened file, or its folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with edit_zones("data/shop", f"{folder}/zones.geojson") as editor:
    ...         editor.saved
    False
    """
    if isinstance(source, VideoAnalysis) and zones is None and not Path(path).exists():
        zones = source.config.zones
    session = open_session(
        background,
        path,
        analysis=_open_analysis(source, floor, frame_size, options),
        zones=zones,
        floor=floor,
        unit=unit,
        frame_size=frame_size,
        bounds=bounds,
        replace=replace,
    )
    files = EditorFiles(session)
    files.opening()
    return ZoneEditor(
        EditorServer(files, port=port, in_notebook=True), int(at_least(height, "height", _LOWEST))
    )


def _open_analysis(
    source: Any,
    floor: str | PathLike[str] | None,
    frame_size: tuple[int, int] | None,
    options: dict[str, Any],
) -> VideoAnalysis | None:
    """Open the source with its options; the floor plan is used if its file exists."""
    if source is None or isinstance(source, VideoAnalysis):
        if options:
            name = next(iter(options))
            where = "Pass it to the VideoAnalysis." if source is not None else "Pass a source, too."
            raise ParameterError(f"{name} is an option of the analysis. {where}")
        if source is not None and floor is not None and str(source.config.floor) != str(floor):
            raise ParameterError(
                f"floor is {str(floor)!r}, but the analysis uses {source.config.floor!r}. Pass the floor "
                "plan to the analysis."
            )
        return source
    if floor is not None and Path(floor).exists():
        options["floor"] = floor
    if frame_size is not None:
        width, height = frame_size
        options["video"] = Video(width=width, height=height)
    return open_video(source, **options)


def _serve(server: EditorServer) -> None:
    """Serve until the user is done; then free the port, so that later requests fail at once."""
    server.serve_forever(poll_interval=0.1)
    server.server_close()
