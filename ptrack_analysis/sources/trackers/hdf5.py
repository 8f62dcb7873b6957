"""HDF5 files of the Pedestrian Dynamics Data Archive, PedPy and JuPedSim."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ptrack_analysis.errors import InputError, ParameterError, PtrackError
from ptrack_analysis.sources.pages.documents import MAX_RATIO
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.roles import list_columns
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_raw
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_MAGIC = b"\x89HDF\r\n\x1a\n"
_NAME = "trajectory"
_FIELDS = ("id", "frame", "x", "y")
_MOST_ROWS = 2**28
_UNRATED = 2**20


def read_hdf5(path: AnyPath, given: Given) -> Rows:
    """Read the dataset ``trajectory`` of an HDF5 file, in meters.

    The attribute ``fps`` is the frame rate. The geometry is not read; a note reports this. Links to other
    files are rejected.

    Raises
    ------
    InputError
        If the file is in another format or damaged, or a value is invalid.
    ParameterError
        If h5py is not installed; if the caller names columns.

    References
    ----------
    PedPy, ``load_trajectory_from_ped_data_archive_hdf5``.
    """
    validate_columns(given, str(path))
    h5py = _import_h5py(path)
    is_plain = isinstance(path, Path) and not path.name.lower().endswith(".gz")
    try:
        with h5py.File(path if is_plain else BytesIO(read_raw(path)), "r") as file:
            values, rate = _read_values(file, h5py, path, given)
            has_geometry = "wkt_geometry" in file.attrs
    except PtrackError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, OverflowError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path}: cannot be read as HDF5: {text}. The file is damaged or incomplete."
        ) from error
    cells = Cells(
        columns={name: pa.chunked_array([column]) for name, column in values.items()},
        count=len(values["id"]),
        place=str(path),
        where=lambda row: f"{path}, {_NAME}, row {row + 1}",
    )
    layout = BoxLayout(columns={name: name for name in _FIELDS}, first_frame=0, unit="m")
    notes = ("the geometry of the experiment is not read",) if has_geometry else ()
    video = named(given.video, title_of_source(path), frame_rate=rate)
    return Rows(cells, layout, oddities=notes, video=video)


def fits_hdf5(sample: Sample) -> str | None:
    """Return why a file is not HDF5, or None if it is."""
    return None if not sample.is_folder and sample.head.startswith(_MAGIC) else "not an HDF5 file"


def _import_h5py(path: AnyPath) -> Any:
    """Import h5py.

    Raises
    ------
    ParameterError
        If h5py is not installed.
    """
    try:
        import h5py  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ParameterError(
            f"{path}: HDF5 files need h5py, which is not installed: pip install 'ptrack-analysis[hdf5]'"
        ) from error
    return h5py


def _read_values(file: Any, h5py: Any, path: AnyPath, given: Given) -> tuple[dict[str, Any], float | None]:
    """Read the fields of the trajectories and the frame rate."""
    link = file.get(_NAME, getlink=True) if _NAME in file.keys() else None  # noqa: SIM118 - not what it links to
    if link is None:
        names = list_columns(list(file.keys()), 5)
        raise InputError(f"{path}: has no dataset {_NAME!r}, as the archive and PedPy write it; has {names}")
    found = file[_NAME] if isinstance(link, h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise InputError(f"{path}: {_NAME!r} is not a dataset that is stored in the file itself")
    fields = found.dtype.names or ()
    missing = [name for name in _FIELDS if name not in fields]
    if missing or len(found.shape) != 1:
        reason = f"has no field {missing[0]!r}" if missing else "is not a list of rows"
        raise InputError(f"{path}: {_NAME!r} {reason}; its fields are {list_columns(list(fields))}")
    if found.shape[0] > _MOST_ROWS:
        raise InputError(f"{path}: {found.shape[0]} rows; at most {_MOST_ROWS} are read")
    size = found.shape[0] * found.dtype.itemsize
    if size > max(_UNRATED, MAX_RATIO * found.id.get_storage_size()):
        raise InputError(
            f"{path}: {_NAME!r} decompresses to more than {MAX_RATIO} times its "
            f"{found.id.get_storage_size()} bytes, the maximum for a file. Write it without compression if "
            "you trust it."
        )
    given.validate_size(found.shape[0])
    values = {}
    for name in _FIELDS:
        kind = found.dtype[name].kind
        if kind not in "iuf":
            raise InputError(
                f"{path}: the field {name!r} of {_NAME!r} is {found.dtype[name]}; expected numbers"
            )
        values[name] = found.fields(name)[:].astype("float64" if kind == "f" else "int64")
    return values, _find_rate(found.attrs, path)


def _find_rate(facts: Any, path: AnyPath) -> float | None:
    if "fps" not in facts:
        return None
    try:
        rate = float(np.asarray(facts["fps"]).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        rate = 0.0
    if not (np.isfinite(rate) and rate > 0):
        raise InputError(f"{path}: fps is {facts['fps']!r}; expected a number above 0")
    return rate
