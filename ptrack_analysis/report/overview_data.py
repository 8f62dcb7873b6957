"""The data of the overview of a dataset: its tables, by local day and hour."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.dwell import mark_observed
from ptrack_analysis.analysis.quality.verdict import judge_video
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
)
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.opening import Dataset
from ptrack_analysis.geometry import Bools
from ptrack_analysis.report.estimates import seconds
from ptrack_analysis.report.finding_texts import format_percent, name_zone
from ptrack_analysis.report.parts import Key, find_verdict_kind
from ptrack_analysis.scene.zones import ENTRANCE, GOALS


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """The visits to zones of one name, or the stays in view, with their median [s]."""

    name: str
    site: str
    length: np.ndarray
    started: Bools
    ended: Bools
    people: int
    usable: int
    median: float | None
    low: float | None
    high: float | None


class OverviewData:
    """The tables of a dataset as its overview shows them.

    A table that the dataset does not have is None. Times of day and dates are local times of each site; a
    video without a clock has none.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.fewest = max(dataset.manifest.min_counts, default=0)
        """The minimum count of people in the dataset; 0 if it contains all counts."""
        self.is_suppressed = self.fewest > 0
        self.videos: pd.DataFrame = dataset.read("videos")
        self.quality = self._read("quality", ["verdict", "affects", "value", "value_unit"])
        self.bins = self._read("occupancy")
        self.lines = self._read("lines")
        self.has_zones = any(entry.places.get("zones") for entry in dataset.manifest.videos)

    def _read(self, name: str, columns: list[str] | None = None) -> pd.DataFrame | None:
        return self.dataset.read(name, columns=columns) if name in self.dataset.tables else None

    @cached_property
    def tracks(self) -> pd.DataFrame | None:
        """The people of each video."""
        return self._read("tracks", ["first_seen", "last_seen", "time_in_scene"])

    @cached_property
    def visits(self) -> pd.DataFrame | None:
        """The visits, with columns that mark observed starts and ends by the video's configuration."""
        visits = self._read("visits", ["entered", "dwell", "entry", "exit"]) if self.has_zones else None
        if visits is None:
            return None
        observed = self.dataset.manifest.observed
        names = visits.index.get_level_values("video")
        started, ended = np.zeros(len(visits), dtype=bool), np.zeros(len(visits), dtype=bool)
        for ends in set(observed.values()):
            own = names.isin([video for video, one in observed.items() if one == ends])
            started |= own & visits["entry"].isin(ends.entries).to_numpy()
            ended |= own & visits["exit"].isin(ends.exits).to_numpy()
        return visits.assign(started=started, ended=ended)

    @cached_property
    def scene(self) -> pd.DataFrame | None:
        """The occupancy in local time: by hour if the dataset has it, otherwise by interval."""
        hourly = self._read("occupancy_hourly")
        if hourly is not None:
            found = hourly[hourly.index.get_level_values("zone") == ""].reset_index()
            return None if found.empty else found
        known = None if self.bins is None else self.add_clock(self.bins)
        return None if known is None or known.empty else known.reset_index()

    @cached_property
    def began(self) -> pd.DataFrame | None:
        """The started visits by video, zone and local day and hour."""
        hourly = self._read("visits_hourly") if self.has_zones else None
        if hourly is not None:
            return hourly.reset_index()
        if self.visits is None:
            return None
        known = self.add_clock(self.visits, "entered").assign(began=1.0)
        return None if known.empty else known.reset_index()

    @cached_property
    def doors(self) -> dict[str, list[str]]:
        """The videos of each entrance line, or of each line if there is no entrance."""
        entrances = set[str]()
        if self.lines is not None:
            entrances = set(self.lines["line"][self.lines["kind"].astype(str) == ENTRANCE])
        found = dict[str, list[str]]()
        for video, names in self.dataset.manifest.lines.items():
            for name in names:
                if not entrances or name in entrances:
                    found.setdefault(name, []).append(video)
        return dict(sorted(found.items()))

    @cached_property
    def has_entrances(self) -> bool:
        """Whether the dataset has an entrance line."""
        return self.lines is not None and bool((self.lines["kind"].astype(str) == ENTRANCE).any())

    @property
    def has_intervals(self) -> bool:
        """Whether doors have only counts by interval, without single crossings."""
        return self.crossings is not None and "crossings" not in self.dataset.tables

    @cached_property
    def crossings(self) -> pd.DataFrame | None:
        """The crossings of the doors, per event or interval; NaN if withheld."""
        events = self._read("crossings", ["direction"])
        if events is not None:
            direction = events["direction"].astype(str)
            events = pd.DataFrame(
                {"in_count": (direction == "in") * 1.0, "out_count": (direction == "out") * 1.0},
                index=events.index,
            )
        else:
            events = self._read("counts", ["in_count", "out_count"])
        if events is None or not self.doors:
            return None
        return events[events.index.get_level_values("line").isin([*self.doors])].astype("float64")

    @cached_property
    def local_crossings(self) -> pd.DataFrame:
        """The crossings of the doors in videos with a clock, with local date, weekday and hour."""
        if self.crossings is None:
            return pd.DataFrame()
        return self.add_clock(self.crossings)

    @cached_property
    def door_scene(self) -> pd.DataFrame:
        """The occupancy of the videos with a door, in local time."""
        videos = {video for videos in self.doors.values() for video in videos}
        return pd.DataFrame() if self.scene is None else self.scene[self.scene["video"].isin(videos)]

    @cached_property
    def sites(self) -> pd.Series:
        """The site of each video; empty where it is not known."""
        sites: pd.Series = self.videos["site"].astype("object").where(self.videos["site"].notna(), "")
        return sites.astype(str)

    @property
    def zone_names(self) -> list[str]:
        """The names of all zones, sorted."""
        zones = (entry.places.get("zones", {}) for entry in self.dataset.manifest.videos)
        return sorted({str(zone["name"]) for listed in zones for zone in listed.values()})

    @property
    def recorded(self) -> float:
        """The total duration of all videos [s]; the analyzed time for videos without a duration."""
        lengths = self.videos["duration"].dt.total_seconds()
        if self.bins is not None:
            bins = self.bins.groupby(level="video")["recorded_time"].sum().dt.total_seconds()
            lengths = lengths.fillna(bins)
        return float(lengths.sum())

    @cached_property
    def door_days(self) -> pd.DataFrame | None:
        """The crossings of each door on each day on which it was recorded.

        The index is site, line and local date. A count is NaN if it is partly withheld. ``hours`` is the
        recorded time.
        """
        if self.crossings is None or self.scene is None:
            return None
        keys = ["site", "line", "local_date"]
        local = self.local_crossings.reset_index()
        local["site"] = self.sites.reindex(local["video"]).to_numpy()
        sums = local.groupby(keys)[["in_count", "out_count"]].agg(sum_known)
        scene = self.scene.assign(site=self.sites.reindex(self.scene["video"]).to_numpy())
        recorded = [
            scene[scene["video"].isin(videos)].assign(line=line) for line, videos in self.doors.items()
        ]
        hours = pd.concat(recorded).groupby(keys)["recorded_time"].sum().dt.total_seconds() / 3600
        if hours.empty:
            return None
        days = pd.DataFrame({"hours": hours}).join(sums)
        missing = ~days.index.isin(sums.index)
        days.loc[missing, ["in_count", "out_count"]] = 0.0
        return days

    @cached_property
    def door_hours(self) -> pd.Series | None:
        """The recorded hours of videos with a door on each local day."""
        if self.door_days is None or self.scene is None:
            return None
        hours: pd.Series = (
            self.door_scene.groupby("local_date")["recorded_time"].sum().dt.total_seconds() / 3600
        )
        return hours

    def add_clock(self, rows: pd.DataFrame, time: str = "timestamp") -> pd.DataFrame:
        """Return the rows of videos with a clock, with their local date, weekday and hour.

        ``time`` is the index level or the column with the times of the rows.
        """
        names = rows.index.get_level_values("video")
        known = self.videos["started_at"].notna() & self.videos["timezone"].notna()
        zones = self.videos["timezone"][known].astype(str)
        times = rows[time] if time in rows else rows.index.get_level_values(time)
        begun = pd.DatetimeIndex(self.videos["started_at"].reindex(names))
        timestamps = begun + pd.TimedeltaIndex(times)
        parts = []
        for zone in sorted(set(zones)):
            own = names.isin(zones.index[zones == zone])
            local = timestamps[own].tz_convert(parse_timezone(zone))
            parts.append(
                rows[own].assign(
                    local_date=local.tz_localize(None).normalize().as_unit("s"),
                    weekday=local.day_of_week + 1,
                    local_hour=local.hour,
                )
            )
        columns = {"local_date": "datetime64[s]", "weekday": "int64", "local_hour": "int64"}
        if not parts:
            return rows.iloc[:0].assign(**{name: pd.Series(dtype=kind) for name, kind in columns.items()})
        return pd.concat(parts)

    def sum_bins(self) -> pd.DataFrame:
        """Return the person-seconds, the recorded time [s] and the peak of each video; NaN if withheld."""
        if self.bins is None:
            return pd.DataFrame(columns=["time", "recorded", "most"], dtype="float64")
        values = pd.DataFrame(
            {
                "time": self.bins["person_seconds"].dt.total_seconds(),
                "recorded": self.bins["recorded_time"].dt.total_seconds(),
                "most": self.bins["max_persons"].astype("float64"),
            }
        )
        groups = values.groupby(level="video", sort=False)
        is_known = values.notna().groupby(level="video", sort=False).all()
        sums = groups.sum().assign(most=groups["most"].max())
        return sums.where(is_known)

    @cached_property
    def presence(self) -> dict[str, tuple[float | None, int | None]]:
        """The people in view on average and at most in each video; None if it is withheld."""
        sums = self.sum_bins()
        means = sums["time"] / sums["recorded"].where(sums["recorded"] > 0)
        return {
            str(name): (None if np.isnan(mean) else mean, None if np.isnan(most) else int(most))
            for name, mean, most in zip(sums.index, means.tolist(), sums["most"].tolist(), strict=True)
        }

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """The verdict on each video, its kind, and the checks that are not good."""
        rows = []
        groups = {} if self.quality is None else dict(tuple(self.quality.groupby(level="video")))
        for name in self.videos.index:
            own = groups.get(name)
            if own is None:
                rows.append((str(judge_video(None)), ""))
                continue
            own = own.droplevel("video")
            suspect = own.index.get_level_values("check")[own["verdict"].isin(["bad", "doubtful"])]
            rows.append((str(judge_video(own)), ", ".join(suspect.unique())))
        table = pd.DataFrame(rows, index=self.videos.index, columns=["verdict", "checks"])
        return table.assign(kind=[find_verdict_kind(verdict) for verdict in table["verdict"]])

    @cached_property
    def came_and_left(self) -> pd.DataFrame | None:
        """Whether each person's arrival and departure were observed during the video."""
        if self.tracks is None:
            return None
        names = self.tracks.index.get_level_values("video")
        last = self.tracks["last_seen"].groupby(level="video").max()
        videos = pd.DataFrame(
            {
                "start": self.videos["analyzed_from"].fillna(pd.Timedelta(0)),
                "end": self.videos["analyzed_to"].fillna(self.videos["duration"]).fillna(last),
                "step": 2 * self.videos["sampling_period"],
            }
        ).reindex(names)
        times = pd.concat(
            [self.tracks[["first_seen", "last_seen"]].reset_index(drop=True), videos.reset_index(drop=True)],
            axis=1,
        )
        arrays = (times[name].to_numpy().astype("timedelta64[ms]").astype("int64") for name in times)
        came, left = mark_observed(*arrays)
        return pd.DataFrame({"came": came, "left": left}, index=self.tracks.index)

    @cached_property
    def stay(self) -> Stays | None:
        """The stays in view over all videos."""
        if self.tracks is None or self.came_and_left is None or self.tracks.empty:
            return None
        ends = self.came_and_left
        people = self.tracks.index
        return _estimate(("In view", ""), people, self.tracks["time_in_scene"], ends["came"], ends["left"])

    @cached_property
    def zone_stays(self) -> list[Stays]:
        """The visits to the zones of each name, over all sites."""
        return self._find_stays(by_site=False)

    @cached_property
    def site_stays(self) -> list[Stays]:
        """The visits to the zones of each name at each site."""
        return self._find_stays(by_site=True)

    def _find_stays(self, *, by_site: bool) -> list[Stays]:
        if self.visits is None:
            return []
        names = self.visits.index.get_level_values("video")
        sites = self.sites.reindex(names)
        keys: list[pd.Index] = [self.visits.index.get_level_values("zone").astype(str)]
        keys += [pd.Index(sites.astype(str))] if by_site else []
        people = _drop_visits(self.visits.index)
        found = []
        for key, rows_of_key in sorted(self.visits.assign(row=range(len(self.visits))).groupby(keys)["row"]):
            rows = self.visits.iloc[rows_of_key.to_numpy()]
            zone, site = (key[0], key[1]) if by_site else (key[0] if isinstance(key, tuple) else key, "")
            found.append(
                _estimate(
                    (str(zone), str(site)),
                    people[rows_of_key.to_numpy()],
                    rows["dwell"],
                    rows["started"],
                    rows["ended"],
                )
            )
        return found

    @cached_property
    def conversion(self) -> Key | None:
        """The share of people who reached the goal, among people whose complete stay was recorded.

        If fewer than half of the stays were recorded completely, long stays are underrepresented. The share
        of all people is then given as a lower bound.
        """
        zones = self._read("zones") if self.has_zones else None
        if zones is None or self.visits is None or self.came_and_left is None:
            return None
        goals = sorted(set(zones["zone"][zones["kind"].astype(str).isin(GOALS)].astype(str)))
        if not goals:
            return None
        videos = [
            entry.video
            for entry in self.dataset.manifest.videos
            if goals[0] in {zone["name"] for zone in entry.places.get("zones", {}).values()}
        ]
        people = self.came_and_left[self.came_and_left.index.get_level_values("video").isin(videos)]
        there = self.visits[self.visits.index.get_level_values("zone") == goals[0]]
        reached = people.index.isin(_drop_visits(there.index))
        whole = people.all(axis=1).to_numpy()
        label = f"Went to {name_zone(goals[0])}"
        if 2 * whole.sum() >= len(people) > 0:
            share = format_percent(reached[whole].mean())
            beside = f"{reached[whole].sum()} of {whole.sum()} people with a complete stay in the video"
            return Key(label, share, beside)
        if not len(people):
            return None
        beside = f"{reached.sum()} of {len(people)}; most stays were not recorded completely"
        return Key(label, f"at least {format_percent(reached.mean())}", beside)


def _drop_visits(index: Any) -> pd.Index:
    """Return the index of visits without the levels for zone and visit."""
    levels = [name for name in index.names if name in {"zone", "visit"}]
    people: pd.Index = index.droplevel(levels)
    return people


def sum_known(values: pd.Series) -> float:
    """Return the sum of counts; NaN if a count is withheld."""
    return float(values.sum(skipna=False))


def sum_all(values: Iterable[float]) -> float | None:
    """Return the sum; None if a value is withheld."""
    total = float(np.sum([*values]))
    return None if np.isnan(total) else total


def _estimate(names: tuple[str, str], people: pd.Index, length: pd.Series, started: Any, ended: Any) -> Stays:
    """Estimate the median of visits or stays whose start was observed."""
    unit, whole = pd.factorize(people)[0], started.to_numpy()
    lengths = Lengths(
        length.to_numpy().astype("timedelta64[ms]").astype("int64")[whole],
        ended.to_numpy()[whole],
        np.full(int(whole.sum()), -1),
        unit[whole],
    )
    curve = estimate_survival(lengths)
    bounds = find_quantile_interval(curve, 0.5)
    return Stays(
        *names,
        length.dt.total_seconds().to_numpy(),
        whole,
        ended.to_numpy(),
        len(np.unique(unit)),
        len(np.unique(unit[whole])),
        seconds(find_quantile(curve, 0.5)),
        seconds(bounds.low),
        seconds(bounds.high),
    )
