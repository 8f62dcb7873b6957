"""Which columns a table needs: the roles that a column can play, and what the caller calls them."""

from collections.abc import Mapping, Sequence

from ptrack_analysis.errors import ParameterError

MOMENTS = ("frame", "timestamp_ms", "time_s")
ACROSS = (("left", "right"), ("left", "width"), ("centre_x", "width"))
DOWN = (("top", "bottom"), ("top", "height"), ("centre_y", "height"))
FURTHER = ("confidence", "class", "class_name")
ROLES = (*MOMENTS, "id", *dict.fromkeys(role for pair in (*ACROSS, *DOWN) for role in pair), *FURTHER)

FRAME_NAMES = ("frame", "frame_number", "frame_index", "frame_idx", "frame_id", "frame_no", "frame_num")
"""Names under which people write the number of the frame."""


def moment_of(columns: Mapping[str, str]) -> str:
    """Give the one role that tells the time: ``frame``, ``timestamp_ms`` or ``time_s``.

    Raises
    ------
    ParameterError
        If there is none, or several.
    """
    found = [role for role in MOMENTS if role in columns]
    if len(found) != 1:
        raise ParameterError(
            f"columns names {_listed(found)} for the time; expected one of {_listed(MOMENTS)}"
        )
    return found[0]


def across(columns: Mapping[str, str]) -> tuple[str, str]:
    """Give the two roles that tell where a box lies from left to right."""
    return _pair(columns, ACROSS)


def down(columns: Mapping[str, str]) -> tuple[str, str]:
    """Give the two roles that tell where a box lies from top to bottom."""
    return _pair(columns, DOWN)


def checked(columns: Mapping[str, str], present: Sequence[str], place: str) -> dict[str, str]:
    """Check which column plays which role.

    Parameters
    ----------
    columns
        Role to name of a column, as the caller gives it.
    present
        The table's columns.
    place
        The table, for errors.

    Raises
    ------
    ParameterError
        If a role is not known, a column is not there, or the roles do not make a box with a time and an id.
    """
    for role, name in columns.items():
        if role not in ROLES:
            raise ParameterError(f"{place}: columns names {role!r}; expected some of {_listed(ROLES)}")
        if name not in present:
            raise ParameterError(
                f"{place}: column {name!r}, given for {role}, is missing; there are {_listed(present)}"
            )
    if "id" not in columns:
        raise ParameterError(f"{place}: columns names no 'id', the tracker's number of the person")
    try:
        moment_of(columns)
        used = {*across(columns), *down(columns)}
    except ParameterError as error:
        raise ParameterError(f"{place}: {error}") from error
    loose = [role for role in columns if role not in {*used, *MOMENTS, "id", *FURTHER}]
    if loose:
        raise ParameterError(
            f"{place}: columns names {_listed(loose)} beside {_listed(sorted(used))}: a side too many"
        )
    return dict(columns)


def by_own_names(present: Sequence[str]) -> dict[str, str]:
    """Take the columns that bear the names of their roles."""
    own = {role: role for role in ROLES if role in present}
    if "left" in own and "right" in own:
        own.pop("width", None)
    if "top" in own and "bottom" in own:
        own.pop("height", None)
    for later in MOMENTS[1 + next((n for n, role in enumerate(MOMENTS) if role in own), 0) :]:
        own.pop(later, None)
    return own


def _pair(columns: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    for pair in pairs:
        if all(role in columns for role in pair):
            return pair
    wanted = " or ".join(" and ".join(pair) for pair in pairs)
    raise ParameterError(f"columns names no {wanted}: the boxes' sides cannot be told")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) if names else "nothing"
