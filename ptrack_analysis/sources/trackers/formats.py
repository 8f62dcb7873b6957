"""The formats of other trackers: one declaration per format."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ptrack_analysis.sources.archive import FormatOptions
from ptrack_analysis.sources.trackers import (
    alphapose,
    boxmot,
    coco,
    cvat,
    deepstream,
    google,
    hdf5,
    jupedsim,
    kitti,
    label_studio,
    labels,
    mot,
    points,
    results,
    roboflow,
    sensors,
    simulations,
    tables,
    trajnet,
    vatic,
    wildtrack,
)
from ptrack_analysis.sources.trackers.form import Rows
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked
from ptrack_analysis.storage.s3 import AnyPath


@dataclass(frozen=True, slots=True)
class Tracker:
    """A format: its name, its description, its reader and its recognition.

    ``read`` returns the rows with their layout: the base of frames and pixels, and the classes.
    ``recognizes`` returns why a source does not fit, or None if it fits. ``accepts`` does the same for a
    source whose format the caller names. ``may_have_parts`` is True if a source may have several videos.
    ``plane`` is the unit of the points of a format without boxes. ``companions`` lists other files that are
    required to read a file.
    """

    name: str
    text: str
    read: Callable[[AnyPath, Given], Rows | Tracked]
    recognizes: Callable[[Sample], str | None]
    accepts: Callable[[Sample], str | None] | None = None
    reads_files: bool = True
    reads_folders: bool = False
    may_have_parts: bool = False
    plane: Literal["", "m", "px"] = ""
    companions: Callable[[AnyPath], list[AnyPath]] | None = None

    @property
    def has_frame_files(self) -> bool:
        """Whether a folder of the format has one file per frame."""
        return self.reads_folders and (not self.reads_files or self.name.startswith("ultralytics"))

    def accepts_file(self, sample: Sample, options: FormatOptions) -> bool:
        """Return whether to read a file of a folder if the caller names this format."""
        if self.name == "table" and options.columns:
            names = tables.read_names(sample)
            return all(name in names for _, name in options.columns)
        with np.errstate(invalid="ignore", over="ignore"):
            return (self.accepts or self.recognizes)(sample) is None


TRACKERS = {
    tracker.name: tracker
    for tracker in (
        Tracker(
            "visdrone", "annotations of VisDrone-MOT", mot.read_visdrone, mot.fits_visdrone, mot.fits_text
        ),
        Tracker(
            "boxmot", "result text of BoxMOT, any version", mot.read_boxmot, mot.fits_boxmot, mot.fits_text
        ),
        Tracker(
            "bytetrack",
            "result text of ByteTrack, BoT-SORT, OC-SORT, StrongSORT or FairMOT (pixels from 0)",
            mot.read_bytetrack,
            mot.fits_bytetrack,
            mot.fits_text,
        ),
        Tracker(
            "mot",
            "MOTChallenge text: results or ground truth",
            mot.read_mot,
            mot.fits_mot,
            mot.fits_text,
            reads_folders=True,
        ),
        Tracker(
            "mot-gt",
            "MOTChallenge ground truth in a file of any name",
            mot.read_mot_truth,
            mot.fits_only_by_name,
            mot.fits_text,
            reads_folders=True,
        ),
        Tracker(
            "deepsort",
            "result text of SORT, DeepSORT or deep_sort_pytorch",
            mot.read_deepsort,
            mot.fits_only_by_name,
            mot.fits_text,
        ),
        Tracker(
            "coco-video",
            "COCO file of videos (CocoVID, MMTracking, TAO, YouTube-VIS)",
            coco.read_coco_video,
            coco.fits_coco_video,
            may_have_parts=True,
        ),
        Tracker(
            "boxmot-jsonl",
            "tracks.jsonl of BoxMOT",
            boxmot.read_boxmot_jsonl,
            boxmot.fits_boxmot_jsonl,
            may_have_parts=True,
        ),
        Tracker(
            "google-video",
            "annotations of Google Video Intelligence",
            google.read_google_video,
            google.fits_google_video,
            may_have_parts=True,
        ),
        Tracker(
            "cvat-video",
            "CVAT for video in XML, also of JAAD and PIE",
            cvat.read_cvat_video,
            cvat.fits_cvat_video,
            may_have_parts=True,
        ),
        Tracker(
            "deepstream-json",
            "messages of DeepStream in JSON",
            deepstream.read_deepstream_messages,
            deepstream.fits_deepstream_messages,
            may_have_parts=True,
        ),
        Tracker(
            "deepstream-kitti",
            "folder of DeepStream's kitti-track-output-dir",
            deepstream.read_deepstream_kitti,
            deepstream.fits_deepstream_kitti,
            reads_files=False,
            reads_folders=True,
            may_have_parts=True,
        ),
        Tracker(
            "kitti",
            "label file of KITTI tracking",
            kitti.read_kitti,
            kitti.fits_kitti,
        ),
        Tracker(
            "vatic",
            "text of VATIC or of the Stanford Drone Dataset",
            vatic.read_vatic,
            vatic.fits_vatic,
        ),
        Tracker(
            "alphapose",
            "results of AlphaPose with tracking",
            alphapose.read_alphapose,
            alphapose.fits_alphapose,
        ),
        Tracker(
            "wildtrack",
            "folder of WILDTRACK's annotations_positions",
            wildtrack.read_wildtrack,
            wildtrack.fits_wildtrack,
            reads_files=False,
            reads_folders=True,
            may_have_parts=True,
        ),
        Tracker(
            "label-studio",
            "JSON of Label Studio with boxes in a video",
            label_studio.read_label_studio,
            label_studio.fits_label_studio,
            may_have_parts=True,
        ),
        Tracker(
            "roboflow",
            "results of Roboflow with tracker_id",
            roboflow.read_roboflow,
            roboflow.fits_roboflow,
            may_have_parts=True,
        ),
        Tracker(
            "supervision-csv",
            "table of supervision's CSVSink",
            results.read_supervision_csv,
            results.fits_supervision_csv,
        ),
        Tracker(
            "supervision-json",
            "list of supervision's JSONSink",
            results.read_supervision_json,
            results.fits_supervision_json,
        ),
        Tracker(
            "ultralytics-txt",
            "folder of Ultralytics' save_txt, one file per frame",
            labels.read_ultralytics_txt,
            labels.fits_ultralytics_txt,
            reads_files=False,
            reads_folders=True,
        ),
        Tracker(
            "ultralytics-json",
            "Ultralytics' Results.to_json, with frames",
            results.read_ultralytics_json,
            results.fits_ultralytics_json,
            reads_folders=True,
        ),
        Tracker(
            "ultralytics-csv",
            "Ultralytics' Results.to_csv, with frames",
            results.read_ultralytics_csv,
            results.fits_ultralytics_csv,
            reads_folders=True,
        ),
        Tracker(
            "obsmat",
            "obsmat.txt of ETH or UCY: points in meters",
            points.read_obsmat,
            points.fits_obsmat,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "trajnet",
            "text of TrajNet: points in meters",
            points.read_trajnet,
            points.fits_trajnet,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "points",
            "points as text (PedPy, JuPedSim, HERMES)",
            points.read_points,
            points.fits_points,
            points.accepts_text,
            plane="m",
        ),
        Tracker(
            "jupedsim",
            "SQLite database of JuPedSim: points in meters",
            jupedsim.read_jupedsim,
            jupedsim.fits_jupedsim,
            jupedsim.accepts_sqlite,
            plane="m",
        ),
        Tracker(
            "vadere",
            ".traj of Vadere: steps of people in meters",
            simulations.read_vadere,
            simulations.fits_vadere,
            plane="m",
        ),
        Tracker(
            "viswalk",
            ".pp of Viswalk: points in meters",
            simulations.read_viswalk,
            simulations.fits_viswalk,
            plane="m",
        ),
        Tracker(
            "pathfinder-csv",
            "CSV of Pathfinder: points in meters",
            simulations.read_pathfinder_csv,
            simulations.fits_pathfinder_csv,
            plane="m",
        ),
        Tracker(
            "pathfinder-json",
            "JSON of Pathfinder: points in meters",
            simulations.read_pathfinder_json,
            simulations.fits_pathfinder_json,
            plane="m",
        ),
        Tracker(
            "crowdit",
            "table of crowd:it: points in meters",
            simulations.read_crowdit,
            simulations.fits_crowdit,
            plane="m",
        ),
        Tracker(
            "trajnet-lines",
            "JSON Lines of TrajNet++: points in meters",
            trajnet.read_trajnet_lines,
            trajnet.fits_trajnet_lines,
            plane="m",
        ),
        Tracker(
            "atc",
            "CSV of the ATC laser scanners: points in millimeters",
            sensors.read_atc,
            sensors.fits_atc,
            plane="m",
        ),
        Tracker(
            "ind",
            "tracks of inD, rounD or uniD: points in meters",
            sensors.read_ind,
            sensors.fits_ind,
            plane="m",
            companions=sensors.list_companions,
        ),
        Tracker(
            "frigate",
            "events of Frigate: foot points as fractions of the frame",
            sensors.read_frigate,
            sensors.fits_frigate,
            plane="px",
            may_have_parts=True,
        ),
        Tracker(
            "hdf5",
            "HDF5 of the Pedestrian Dynamics Data Archive: points in meters",
            hdf5.read_hdf5,
            hdf5.fits_hdf5,
            plane="m",
        ),
        Tracker("table", "CSV or Parquet with named columns", tables.read_table, tables.fits_table),
    )
}
"""The formats by name, in the order in which they are tried."""
