"""The zone editor in a notebook."""

from html import escape
from os import PathLike
from threading import Thread
from typing import Self

from ptrack_analysis.editing.desk import EditorFiles
from ptrack_analysis.editing.job import make_job
from ptrack_analysis.editing.server import EditorServer
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import at_least
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zone_files import read_zones
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.web.ground import Background

_LOWEST = 360


class ZoneEditor:
    """An open zone editor: shows itself in a notebook; what it saved is read with ``read``.

    ``address`` is where it is, for another tab of the same browser. It is open until ``close`` is called, its
    button Done is pressed or the process ends; it closes itself as a context manager.
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
        job = self._server.desk.job
        return f"ZoneEditor({str(job.output)!r}, {'open' if self.is_open else 'closed'})"

    @property
    def address(self) -> str:
        """Where the editor is; who has it can use the editor."""
        return self._server.address

    @property
    def is_open(self) -> bool:
        """Whether the editor still answers."""
        return self._thread.is_alive() and not self._server.done

    @property
    def saved(self) -> bool:
        """Whether the zones were saved since the editor was opened."""
        return self._server.desk.job.output in self._server.desk.saved

    def read(self, video: Video | None = None, plane: Plane | None = None) -> tuple[list[Zone], list[Line]]:
        """Read what is in the file now, as ``read_zones`` does.

        Parameters
        ----------
        video
            The video, for its name and its frame; by default one with the frame of the editor.
        plane
            The plane to carry the outlines to; by default the picture [px], the floor for zones in meters.

        Raises
        ------
        ZoneError
            If nothing was saved yet, or the file is not such a file.
        """
        job = self._server.desk.job
        return read_zones(job.output, video or job.video, plane=plane or job.plan)

    @property
    def zones(self) -> list[Zone]:
        """The zones in the file now."""
        return self.read()[0]

    @property
    def lines(self) -> list[Line]:
        """The lines in the file now."""
        return self.read()[1]

    @property
    def floor(self) -> FloorPlan:
        """The floor plan in its file now.

        Raises
        ------
        ParameterError
            If no file of a floor plan was given.
        ZoneError
            If there is none yet.
        """
        job = self._server.desk.job
        if job.plan is not None:
            return job.plan
        if job.floor is None:
            raise ParameterError("no floor plan is edited: give floor='floor.json'")
        return read_floor_plan(job.floor, job.video)

    def close(self) -> None:
        """Stop answering; what was not saved is lost. A second time does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="Zone editor" width="100%" height="{self._height}" '
            'style="border:0;display:block" '
            f'sandbox="allow-scripts allow-same-origin allow-forms allow-modals" '
            f'src="{escape(self.address)}"></iframe>'
        )


def edit_zones(
    background: Picture | Background,
    path: str | PathLike[str] = "zones.json",
    *,
    zones: str | PathLike[str] | None = None,
    floor: str | PathLike[str] | None = None,
    unit: str | None = None,
    frame_size: tuple[int, int] | None = None,
    replace: bool = False,
    port: int = 0,
    height: int = 640,
) -> ZoneEditor:
    """Draw zones and lines on a picture, in a notebook's cell; calibrate the floor plan in the same place.

    The editor is served on the loopback only, by a thread of this process, to the browser of this machine; a
    notebook on another machine has to forward the port. It writes the files that are named and no other, each
    when its button is pressed, whole or not at all, and only if ``read_zones`` or ``read_floor_plan`` can
    read it.
    What it does not edit (other properties, other members) stays in the file; what is not changed stays as
    it was, digit by digit.

    Parameters
    ----------
    background
        A frame of the video: a picture file, ``"video.mp4@12.5s"`` (with the extra ``video``), or an array
        (rows, columns, colors). For zones in meters a picture of
        the floor plan's bounds.
    path
        The file of zones to write; opened first if it exists.
    zones
        Another file to begin with.
    floor
        The floor plan's file, to be read if it exists and written when somebody calibrates.
    unit
        ``"fraction"`` of the frame (the default), ``"px"`` or ``"m"`` for a new file.
    frame_size
        Width and height of the video's frame, where the picture has another size [px]; it matters to zones in
        px only.
    replace
        Whether ``path`` may be replaced though it exists and ``zones`` is another file.
    port
        Port to serve on; 0 is any that is free.
    height
        Height of the notebook's cell, at least 360 [px].

    Returns
    -------
    ZoneEditor
        ``.zones``, ``.lines`` and ``.read(video)`` give what was saved, ``.close()`` ends it.

    Raises
    ------
    ParameterError
        If the picture cannot be read, the unit is not the opened file's, meters come without a floor plan,
        or the port cannot be used.
    ZoneError
        If a file cannot be opened.
    OutputError
        If ``path`` exists and is not what is opened, or its folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with edit_zones(np.zeros((90, 160, 3)), f"{folder}/zones.json") as editor:
    ...         editor.saved
    False
    """
    job = make_job(
        background, path, zones=zones, floor=floor, unit=unit, frame_size=frame_size, replace=replace
    )
    desk = EditorFiles(job)
    desk.opening()
    return ZoneEditor(EditorServer(desk, port=port, lasting=True), int(at_least(height, "height", _LOWEST)))


def _serve(server: EditorServer) -> None:
    """Serve until somebody is done; then let go of the port, so that who asks on is refused at once."""
    server.serve_forever(poll_interval=0.1)
    server.server_close()
