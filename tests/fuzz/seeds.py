"""Small valid files of every kind, from which fuzzing starts, and words that their readers know."""

import json
from pathlib import Path

from pages import FACE, METADATA, page, record

from .building import COMPRESSIONS, TYPES
from .mutation import HEADER
from .requests import SECRET
from .targets import FAMILIES

_RECORDS = [
    record(0, 0, face=FACE),
    record(0, 1),
    record(67, 0, box=None, face=FACE),
    record(67, 1, box=(-0.02, 0.5, 0.3, 0.5)),
]
_ONE = page(*_RECORDS)
_TWO = [page(*_RECORDS[:2], token="next"), page(*_RECORDS[2:])]
_PAGES = [
    json.dumps(_ONE),
    json.dumps(_ONE, indent=1),
    "\ufeff" + json.dumps(_ONE),
    json.dumps(_TWO),
    "\n".join(map(json.dumps, _TWO)),
    json.dumps(_RECORDS),
    json.dumps({"VideoMetadata": METADATA, "Persons": _RECORDS}),
    json.dumps({"Labels": [{"Name": "x"}], "fileName": "v", "Persons": _RECORDS}),
    json.dumps({"status": "succeeded", "original_response": _TWO, "standardized_response": {}}),
    json.dumps({"success": True, "data": _ONE}),
    json.dumps(page()),
    json.dumps(page(JobStatus="IN_PROGRESS")),
    json.dumps(page(JobStatus="FAILED", StatusMessage="no")),
    json.dumps(_ONE, indent=1) + json.dumps(_TWO[1]),
    json.dumps(_ONE)[:-200],
    json.dumps(_ONE) + "\nDone.",
    json.dumps(
        {
            "jobStatus": {"Value": "SUCCEEDED"},
            "persons": [{"timestamp": 5, "person": {"index": 1}}],
            "x": 1e300,
        }
    ),
    json.dumps(_ONE, indent=1) + ",\n" + json.dumps(_TWO[1]) + "\0\0",
    json.dumps(_TWO).replace('"Timestamp": 0', '"Timestamp": 0, "Timestamp": 0', 1),
    json.dumps(_ONE).replace('"X": 0.41', '"X": 1e999', 1),
    "GetPersonTrackingResponse(JobStatus=SUCCEEDED)",
    "",
]
_MOT = "1,1,10,20,50,100,1,-1,-1,-1\n1,2,300,200,40,90,0.9,-1,-1,-1\n2,1,12,20,50,100,1,-1,-1,-1\n"
_SUPERVISION = (
    "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index,class_name\n"
    "10,20,60,120,0,0.9,1,0,person\n12,20,62,120,0,0.8,1,1,person\n30,40,60,90,2,0.5,,1,car\n"
)
_BOX = {"x1": 10.0, "y1": 20.0, "x2": 60.0, "y2": 120.0}
_ULTRALYTICS = [{"name": "person", "class": 0, "confidence": 0.9, "box": _BOX, "track_id": 1}]
_GOOGLE_BOX = {"normalizedBoundingBox": {"right": 0.5, "bottom": 1}, "timeOffset": "1.5s"}
_GOOGLE = {
    "annotationResults": [
        {
            "personDetectionAnnotations": [{"tracks": [{"timestampedObjects": [_GOOGLE_BOX]}]}],
            "objectAnnotations": [
                {
                    "entity": {"description": "man"},
                    "trackId": "3",
                    "frames": [
                        {"normalizedBoundingBox": {}, "timeOffset": {"seconds": "1", "nanos": 5}},
                    ],
                }
            ],
        }
    ]
}
_CVAT = (
    "<annotations><version>1.1</version><meta><task><original_size><width>100</width><height>200</height>"
    '</original_size></task></meta><track id="0" label="person"><box frame="0" outside="0" xtl="3" ytl="4" '
    'xbr="10" ybr="25"/><box frame="1" outside="1" xtl="3" ytl="4" xbr="10" ybr="25"/></track></annotations>'
)
_SENT = {"@timestamp": "2026-01-05T09:00:00.400Z"}
_CORNERS = {"topleftx": 1, "toplefty": 2, "bottomrightx": 3, "bottomrighty": 4}
_PLAIN = {"id": "1", "bbox": {"leftX": 1, "topY": 2, "rightX": 3, "bottomY": 4}, "type": "person"}
_MESSAGES = [
    json.dumps({"id": "12", **_SENT, "sensorId": "c", "objects": ["17|40|30|80|150|person|#|0.5"]}),
    json.dumps({"mdsversion": "1.0", **_SENT, "object": {"id": "7", "bbox": _CORNERS, "person": {}}}),
    json.dumps({"timestamp": "2026-01-05T09:00:00.400Z", "sensorId": "c", "objects": [_PLAIN]}),
]
_KEYFRAME = {"frame": 1, "x": 10, "y": 10, "width": 5, "height": 20, "enabled": True}
_REGION = {
    "framesCount": 9,
    "duration": 0.36,
    "labels": ["man"],
    "sequence": [_KEYFRAME, _KEYFRAME | {"frame": 4}],
}
_STUDIO = [{"id": 1, "annotations": [{"result": [{"id": "a", "type": "videorectangle", "value": _REGION}]}]}]
_COCO = {
    "videos": [{"id": 1, "name": "a"}],
    "images": [{"id": 1, "video_id": 1, "frame_id": 0, "width": 100, "height": 200}],
    "annotations": [{"id": 1, "image_id": 1, "track_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4]}],
    "categories": [{"id": 1, "name": "person"}],
}
_ROBOFLOW = {
    "image": {"width": 100, "height": 200},
    "predictions": [
        {"x": 5, "y": 6, "width": 3, "height": 4, "class": "person", "detection_id": "u", "tracker_id": 1}
    ],
}
_METADATA = "CREATE TABLE metadata (key TEXT, value TEXT)"
_DATA = "CREATE TABLE trajectory_data (frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL)"
_MOVES = [[0, 1, 1.5, 2], [1, 1, 1.6, 2]]
_DATABASES = [
    {
        "script": ["PRAGMA page_size = 512", _METADATA, _DATA, "CREATE TABLE geometry (hash INT, wkt TEXT)"],
        "rows": {"metadata": [["fps", "10"], ["version", "2"]], "trajectory_data": _MOVES},
    },
    {
        "script": [
            "PRAGMA page_size = 512",
            "PRAGMA encoding = 'UTF-16'",
            "CREATE TABLE trajectory_data (id TEXT, frame BLOB, pos_x, pos_y, PRIMARY KEY (id, frame))",
            "CREATE INDEX by_frame ON trajectory_data (frame, id)",
        ],
        "rows": {"trajectory_data": [["8", 0, "1.5", 2], ["9", 1, 2.5, 2]]},
        "patch": [[18, 1]],
    },
    {
        "script": [
            "PRAGMA page_size = 512",
            "CREATE TABLE a (frame INT, id INT, pos_x REAL, pos_y REAL AS (pos_x * 2) STORED)",
            "CREATE VIEW trajectory_data AS SELECT frame, id, pos_x, pos_y FROM a",
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET type = 'table', rootpage = 2 WHERE type = 'view'",
        ],
        "rows": {"a": [[0, 1, 1.5]]},
    },
]
_STATEMENTS = [
    _METADATA,
    _DATA,
    "CREATE VIRTUAL TABLE trajectory_data USING fts5(frame, id, pos_x, pos_y)",
    "CREATE VIEW metadata AS SELECT 'fps' AS key, 10 AS value",
    "CREATE TABLE trajectory_data AS SELECT 1 AS frame, 2 AS id, 3.0 AS pos_x, 4.0 AS pos_y",
    "CREATE TRIGGER t AFTER INSERT ON trajectory_data BEGIN DELETE FROM trajectory_data; END",
    "ALTER TABLE trajectory_data ADD COLUMN speed REAL",
    "UPDATE trajectory_data SET id = x'ff00'",
    "UPDATE sqlite_master SET sql = 'CREATE TABLE trajectory_data (frame, id, pos_x, pos_y AS (frame))'",
    "UPDATE sqlite_master SET rootpage = 1",
    *("PRAGMA writable_schema = ON", "PRAGMA auto_vacuum = FULL", "PRAGMA user_version = 99", "VACUUM"),
    *("frame", "id", "pos_x", "pos_y", "fps", "trajectory_data", "metadata", "key", "value"),
    *("INTEGER", "REAL", "TEXT", "BLOB", "UNIQUE", "NOT NULL", "CHECK", "DEFAULT", "COLLATE", "HIDDEN"),
]


def _parquet(columns, **more):
    return json.dumps({"columns": columns, **more})


_MARKS = {"ptrack_analysis.package": "ptrack-analysis", "ptrack_analysis.table": "detections"}
_CATEGORIES = json.dumps({"categories": ["x", "y"], "ordered": True})
_SIDE_COLUMNS = [[side, "double", [0.1, 0.2]] for side in ("left", "top", "width", "height")]
_POINT_COLUMNS = [["x_m", "double", [1.5, 1.6]], ["y_m", "double", [2, 2]]]
_PARQUET = [
    _parquet([["frame", "int64", [0, 1]], ["id", "int32", [1, 1]], *_POINT_COLUMNS], patch=[]),
    _parquet(
        [
            ["time", "timestamp[us, UTC]", [10**15, 10**15 + 10**6]],
            ["track_id", "names", ["a", "b"]],
            ["box_xyxy", "list", [[1, 2, 3, 4], [2, 3, 4, 5]]],
            ["class_name", "large_string", ["person", None]],
            ["confidence", "float", [0.5, 0.25]],
            ["score", "decimal", ["1.5", "2"]],
            ["flag", "bool", [True, None]],
            ["more", "struct", [{"x": 1, "y": 2}]],
            ["seen", "date32[day]", [20000]],
        ],
        options={"row_group_size": 1, "compression": "snappy", "use_dictionary": False},
    ),
    _parquet(
        [
            *(["time_ms", "duration[ms]", [0, 40]], ["id", "uint64", [2**64 - 1, 1]]),
            *(["left", "halffloat", [1, 2]], ["top", "int8", [1, 2]], ["right", "double", [3, 4]]),
            *(
                ["bottom", "decimal", [3, 4]],
                ["camera", "string", ["a", "b"]],
                ["video", "names", ["a", "a"]],
            ),
        ],
        options={"version": "1.0", "data_page_version": "2.0"},
    ),
    _parquet(
        [["timestamp_ms", "int64", [0, 40]], ["person_index", "int64", [1, 1]], *_SIDE_COLUMNS],
        metadata=_MARKS,
    ),
    _parquet(
        [
            ["video", "string", ["a", "a"]],
            ["timestamp_ms", "int64", [0, 40]],
            ["person_index", "int64", [1, 2]],
            *_SIDE_COLUMNS,
            ["kind", "string", ["x", "y"], {"ptrack_analysis.categories": _CATEGORIES}],
            ["age", "int64", [1, None], {"ptrack_analysis.nullable": "Int64"}],
        ],
        metadata=_MARKS,
    ),
]
_ROLES = [
    *("frame", "time", "time_s", "time_ms", "id", "track_id", "left", "top", "right", "bottom", "width"),
    *("height", "center_x", "center_y", "box_xyxy", "box_xywh", "box_cxcywh", "x", "y", "x_m", "y_m", "x_px"),
    *("y_px", "confidence", "class", "class_id", "class_name", "video", "camera", "timestamp_ms"),
    *("person_index", "source_id", "interpolated", "merged_from"),
]
_HDF5 = [
    {
        "datasets": {
            "trajectory": [
                [["frame", "<i8"], ["id", "<i4"], ["x", "<f8"], ["y", "<f4"]],
                [[0, 1, 1.5, 2], [1, 1, 1.6, 2]],
            ]
        },
        "attributes": {"fps": 25.0},
    },
    {"datasets": {"other": [[["a", "S3"]], [["x"]]]}, "links": {"trajectory": "other"}},
]
_PATHFINDER = {"1": {"0.0": {"position": {"x": 1.5, "y": 2, "z": 0}}, "0.5": {"position": {"x": 2, "y": 2}}}}
_EVENTS = [
    {"id": "a-1", "camera": camera, "label": "person", "data": {"path_data": [[[0.5, 0.9], 1718987129.5]]}}
    for camera in ("a", "b")
]
_TRACKERS = {
    "mot": [_MOT, "1 1 1 1 5 5 1\n"],
    "mot-gt": ["1,1,10,20,50,100,1,1,0.5\n2,1,12,20,50,100,0,1,1\n"],
    "ultralytics-txt": ["0 0.5 0.5 0.1 0.2 1\n2 0.25 0.5 0.1 0.2 0.9 7\n"],
    "bytetrack": ["0,1,10.0,20.0,50.0,100.0,0.9,-1,-1,-1\n1,1,11.0,20.0,50.0,100.0,0.9,-1,-1,-1\n"],
    "boxmot": ["1,7,10,20,50,100,0.913000,1,4\n", "1 7 10 20 50 100 1 0 -1\n", "1,7,10,20,50,100,1,0,0.9\n"],
    "boxmot-jsonl": [
        '{"frame_index":0,"timestamp_s":0.0,"sequence_id":"a","tracks":[{"geometry":[1,2,3,4],"track_id":1}]}\n'
    ],
    "visdrone": ["1,0,5,4,9,9,0,0,0,0\n1,1,6,6,4,9,1,1,0,0\n1,2,7,3,9,8,1,4,0,1\n"],
    "deepsort": ["1 1 10 20 50 100 -1 -1 -1 -1\n", "0,1,10,20,50,100,-1,-1,-1,-1\n"],
    "google-video": [json.dumps(_GOOGLE)],
    "cvat-video": [_CVAT],
    "deepstream-json": _MESSAGES,
    "deepstream-kitti": ["person 17 0.0 0 0.0 40.0 30.0 80.0 150.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.81\n"],
    "kitti": ["0 2 Pedestrian 0 0 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10 0.5\n"],
    "vatic": ['0 1 2 3 4 0 0 0 1 "Pedestrian" "red"\n0 1 2 3 4 1 1 0 1 "Pedestrian"\n'],
    "alphapose": [
        json.dumps([{"image_id": "12.jpg", "box": [1, 2, 3, 4], "idx": 1, "keypoints": [], "score": 2.5}])
    ],
    "wildtrack": [
        '[{"personID":1,"positionID":481,"views":[{"viewNum":0,"xmin":1,"ymin":2,"xmax":3,"ymax":4}]}]'
    ],
    "label-studio": [json.dumps(_STUDIO)],
    "coco-video": [json.dumps(_COCO)],
    "roboflow": [json.dumps(_ROBOFLOW)],
    "supervision-csv": [_SUPERVISION],
    "supervision-json": [
        json.dumps(
            [
                dict(zip(_SUPERVISION.splitlines()[0].split(","), row.split(","), strict=True))
                for row in _SUPERVISION.splitlines()[1:]
            ]
        )
    ],
    "ultralytics-json": [
        json.dumps([_ULTRALYTICS, _ULTRALYTICS, []]),
        json.dumps([{"frame": 3, **_ULTRALYTICS[0]}]),
        "\n".join([json.dumps(_ULTRALYTICS)] * 2),
    ],
    "ultralytics-csv": ["frame,name,class,confidence,track_id,x1,y1,x2,y2\n0,person,0,0.9,1,10,20,60,120\n"],
    "points": ["#framerate: 16.00 fps\n#ID\tFR\tX\tY\tZ\n2\t0\t1.5\t-2\t0\n1\t1\t0\t0\t0\n1\t0\t1\t1\t0\n"],
    "obsmat": ["0 1 1.5 0 2 0.1 0 0.1\n6 1 1.6 0 2 0.1 0 0.1\n", "7.8e+02 1.0e+00 8.4 0.0 3.5 1.6 0.0 0.3\n"],
    "trajnet": ["780 1 8.46 3.59\n790 1 9.57 3.79\n", "0 1 ? ?\n10 1 1 2\n"],
    "jupedsim": [*map(json.dumps, _DATABASES)],
    "vadere": [
        (
            "#IDXCOL=2,DATACOL=5,SEP=' '\n"
            "pedestrianId simTime endTime-PID1 startX-PID1 startY-PID1 endX-PID1 endY-PID1\n"
            "1 0.0 0.4 1.5 2 1.6 2\n1 0.4 0.8 1.6 2 1.7 2\n"
        )
    ],
    "viswalk": ["$VISION\n* a\n$PEDESTRIAN:NO;SIMSEC;COORDCENTX;COORDCENTY\n1;0.2;1.5;2\n1;0.4;1.6;2\n"],
    "pathfinder-csv": [
        '"t","id","name","x","y","z"\n"s","","","m","m","m"\n0.0,1,"a",1.5,2,0\n0.5,1,"a",2,2,3\n'
    ],
    "pathfinder-json": [json.dumps(_PATHFINDER)],
    "crowdit": ["time,pedID,posX,posY\n0.0,1,1.5,2\n0.4,1,1.6,2\n"],
    "trajnet-lines": [
        (
            '{"scene":{"id":0,"p":1,"s":0,"e":9,"fps":2.5}}\n{"track":{"f":0,"p":1,"x":1,"y":2}}\n'
            '{"track":{"f":9,"p":1,"x":1,"y":2}}\n{"track":{"f":9,"p":1,"x":1,"y":3,"prediction_number":1}}\n'
        )
    ],
    "atc": ["1351651620.5,1,1500,2000,1650,900,1.5,-3\n1351651620.6,1,1600,2000,1650,900,1.5,-3\n"],
    "ind": ["recordingId,trackId,frame,xCenter,yCenter\n7,1,0,1.5,2\n7,1,1,1.6,2\n"],
    "frigate": [json.dumps(_EVENTS)],
    "hdf5": [*map(json.dumps, _HDF5), b"\x89HDF\r\n\x1a\n" + bytes(96)],
    "table": [
        "frame,id,left,top,right,bottom,class\n0,1,1,1,2,2,0\n0,2,3,3,4,4,2\n",
        "time;id;left;top;width;height;camera\n2024-05-01T10:00:00Z;a;1,5;2;3;4;x\n",
        "time_ms,id,box_xyxy,class_name\n1698765432123,18446744073709551615,1 2 3 4,car\n",
    ],
}
_SQUARE = [[[0.1, 0.1], [0.5, 0.1], [0.5, 0.9], [0.1, 0.9], [0.1, 0.1]]]
_HOLED = [_SQUARE[0], [[0.2, 0.2], [0.3, 0.2], [0.3, 0.3], [0.2, 0.2]]]


def _feature(form, coordinates, **properties):
    return {
        "type": "Feature",
        "properties": {"name": "till", **properties},
        "geometry": {"type": form, "coordinates": coordinates},
    }


def _zones(*features, **more):
    return json.dumps({"type": "FeatureCollection", **more, "features": features})


_ZONES = [
    _zones(_feature("Polygon", _SQUARE)),
    _zones(_feature("Polygon", _HOLED, kind="queue"), unit="fraction"),
    _zones(_feature("MultiPolygon", [_SQUARE]), unit="px"),
    _zones(_feature("LineString", [[0.1, 0.2], [0.1, 0.9]], video=["a", "b"]), _feature("Polygon", _SQUARE)),
    _zones(_feature("Polygon", _SQUARE, **{"from": "10s", "to": "00:01:30"})),
    _zones(),
]
_PAIRS = [
    {"image": picture, "floor": floor}
    for picture, floor in zip(
        [[0.1, 0.9], [0.9, 0.9], [0.7, 0.3], [0.3, 0.3], [0.5, 0.5]],
        [[0, 0], [6, 0], [6, 9], [0, 9], [3, 5]],
        strict=True,
    )
]
_FLOORS = [
    json.dumps({"unit": "m", "image_unit": "fraction", "pairs": _PAIRS[:4]}),
    json.dumps({"unit": "m", "image_unit": "fraction", "pairs": _PAIRS, "bounds": [0, 0, 6, 9]}),
    json.dumps(
        {
            "unit": "m",
            "image_unit": "fraction",
            "pairs": _PAIRS,
            "lens": {"k1": -0.1, "k2": 0.01, "focal": [0.8, 1.4]},
        }
    ),
]
_RECORDINGS = [
    "video,started_at\na,2025-03-01T08:00:00+01:00\nb,2025-03-02T08:00:00Z\n",
    (
        "video;started_at;timezone;site;camera;opening_hours;Floor area\n"
        "a;2025-03-01T08:00:00;Europe/Berlin;north;1;Mo-Fr 08:00-20:00;x\n"
    ),
]
_HOLIDAYS = ["date,name\n2026-05-01,Labour Day\n2026-12-25,Christmas\n", "Name;Date\nx;2026-01-01\n"]
_CAMERAS = [
    (
        '[[camera]]\nname = "door"\nsite = "north"\nfiles = ["door-*", "d"]\nzones = "zones.geojson"\n'
        'lines = "zones.geojson"\nfloor = "floor.json"\nvalid_from = 2026-01-02\n'
        "valid_to = 2026-03-01T12:00:00\n"
        'max_gap = "3s"\nclip_boxes = true\nmargin = 0.05\nshape = "54x96"\nanchor = "center"\n'
        'frame_size = "1280x720"\nframe_rate = 25\ntimezone = "Europe/Berlin"\n'
        'opening_hours = "Mo-Fr 08:00-20:00"\nholidays = "days.csv"\nstarted_at = "%Y%m%d-%H%M%S"\n'
    ),
    '[[camera]]\nname = "a"\njob_tag = "a*"\n[[camera]]\nname = "b"\nshape = [54, 96]\nholidays = "DE-BE"\n',
    '[[camera]]\nname = "a"\nvalid_to = 2026-03-01\n[[camera]]\nname = "a"\nvalid_from = "2026-03-01"\n',
]
_CAMERAS_CSV = [
    "name,files,zones,valid_from,max_gap,clip_boxes\ndoor,door-*,zones.geojson,2026-01-02,3s,true\n",
    "Name;Job tag;Frame size;Frame rate;Observed entries\ndoor;d*;1280x720;25;frame_edge,appeared\n",
]
_CAMERA_WORDS = [
    *("name", "site", "files", "job_tag", "zones", "lines", "floor", "valid_from", "valid_to", "max_gap"),
    *("max_interpolation", "clip_boxes", "margin", "shape", "cell", "anchor", "frame_size", "frame_rate"),
    *("timezone", "opening_hours", "holidays", "started_at", "every", "sampling_period", "observed_entries"),
    *(
        "zones.geojson",
        "floor.json",
        "days.csv",
        "DE-BE",
        "PH off",
        "24/7",
        "2026-03-29T02:30:00",
        "[[camera]]",
    ),
]
_SHARED = {
    "parameters": [{"anchor": "bottom_center", "min_count": None, "salt": None, "observed_entries": ["a"]}],
    "places": [{"zones": {"1": {"name": "till"}}, "lines": {"2": {"name": "door", "kind": ""}}}],
    "read_report": [{"rows": 5, "dropped": [], "completeness": "complete"}],
}
_VIDEO = {
    **dict.fromkeys(("content", "look", "settings", "root"), "4e"),
    **dict.fromkeys(("parameters", "places", "read_report"), 0),
    "video": "shop",
    "identity": "job 1",
    "fault": "",
    "batch": 1,
    "about": {"camera": None, "days": [], "opening_hours": None, "site": None, "timezone": None},
    "rows": {"visits": 5, "tracks": 2, "videos": 1},
    "figures": {"dwell": {"till": 61920}, "in_scene": 499360, "without_position": 9200},
    "notes": [],
    "files": [{"place": "visits/part-000001.parquet", "rows": 5, "size": 8466, "batch": 1}],
}
_HEAD = {
    "schema_version": 2,
    "package": "0.2.0",
    "tables": ["videos", "tracks", "visits"],
    "further": {},
    "partition": None,
    "next_batch": 2,
    "form": "parquet",
    "versions": {},
    "holidays": {},
    "others": [["zones/zones.parquet", 4, 5696, "b1"]],
    "shared": _SHARED,
}
_SHOP = {**_VIDEO, "files": None, "video": "other", "about": {**_VIDEO["about"], "days": ["2026-01-02"]}}
_MANIFESTS = [
    {"head": _HEAD, "rows": [_VIDEO, _SHOP]},
    {
        "head": {
            **_HEAD,
            "partition": "local_day",
            "holidays": {"2026-05-01": "Labour Day"},
            "further": {"detections": [["age", "int64"]], "videos": [["floor_area", "string"]]},
            "shared": {**_SHARED, "parameters": [{"min_count": 5, "salt": "ab", "observed_exits": []}]},
        },
        "rows": [_VIDEO],
        "journal": {
            "run": "20260101T000000Z-aa",
            "moves": ["visits/a"],
            "removals": ["tracks/b"],
            "tag": None,
            "tables": [{"table": "visits", "files": ["visits/a"], "videos": ["shop"], "version": 1}],
        },
        "holder.json": {"process": 5, "host": "a", "since": "2026-01-01T00:00:00+00:00"},
        "evidence": [["job", "1", 0], ["video", "s3://a/b.mp4", None]],
    },
    {"head": {**_HEAD, "form": "delta", "versions": {"visits": 3}}, "rows": []},
]
_TILL = {"type": "Polygon", "coordinates": _SQUARE}
_DRAWN = {"source": None, "properties": {"name": "new", "kind": "queue"}, "geometry": _TILL}
_DOOR = {"type": "LineString", "coordinates": [[0.1, 0.2], [0.9, 0.9]]}
_MOVED = {"source": 0, "properties": {"from": "10s", "to": None, "name": "x"}, "geometry": _DOOR}
_CLICKED = [{"source": None, "image": pair["image"], "floor": pair["floor"]} for pair in _PAIRS]
_PLAN = json.loads(_FLOORS[2])
_SESSIONS = [
    {"sent": [["zones", {"features": [_DRAWN]}], ["figures", {"features": [_DRAWN, _MOVED]}]]},
    {
        "zones": json.loads(_ZONES[1]),
        "sent": [
            ["figures", {"features": [_MOVED, {"source": 0, "properties": {}}, _DRAWN]}],
            ["zones", {"features": [_MOVED, _DRAWN], "replace": True}],
            ["zones", {"features": [{"source": 0, "properties": {}}]}],
        ],
    },
    {
        "floor": {**_PLAN, "image_unit": "px", "pairs": [{**p, "image": [9, 9]} for p in _PAIRS]},
        "sent": [["floor", {"pairs": _CLICKED, "bounds": [0, 0, 6, 9]}]],
    },
    {
        "without_tracks": True,
        "zones": json.loads(_ZONES[2]),
        "floor": _PLAN,
        "sent": [
            ["floor", {"pairs": [{**_CLICKED[0], "source": 0}, *_CLICKED[1:]], "bounds": None}],
            ["zones", {"features": []}],
        ],
    },
    {"unit": "m", "floor": _PLAN, "sent": [["zones", {"features": [_DRAWN]}]]},
]
_SESSION_WORDS = [
    *("source", "properties", "geometry", "features", "pairs", "image", "floor", "bounds", "base", "disk"),
    *(
        "replace",
        "px",
        "m",
        "fraction",
        "queue",
        "entrance",
        "exit",
        "10s",
        "00:01:30",
        "LineString",
        "Polygon",
    ),
    *("MultiPolygon", _TILL, _DOOR, _DRAWN, _MOVED, ["zones", {"features": [_DRAWN]}]),
]
_START = {"Video": {"S3Object": {"Bucket": "bucket", "Name": "clip.mp4"}}, "JobTag": "a"}
_TARGET = {"X-Amz-Target": "RekognitionService.StartPersonTracking"}
_GET = {"X-Amz-Target": "RekognitionService.GetPersonTracking"}
_CHANNEL = {"SNSTopicArn": "arn:aws:sns:us-east-1:1:t", "RoleArn": "arn:aws:iam::1:role/r"}
_ASKED = [
    {"headers": _TARGET, "body": {**_START, "NotificationChannel": _CHANNEL, "ClientRequestToken": "t"}},
    {"headers": _GET, "body": {"JobId": "a", "MaxResults": 2, "SortBy": "INDEX", "NextToken": "x"}},
    {"method": "GET", "path": "/jobs/a?MaxResults=2&SortBy=TIMESTAMP", "body": ""},
]
_OWN = {"X-Ptrack-Session": SECRET, "Content-Type": "application/json", "Origin": "http://127.0.0.1:8080"}
_PAGE = [
    {"method": "GET", "path": f"/?token={SECRET}", "body": ""},
    {"method": "PUT", "path": "/zones", "headers": _OWN, "body": {"base": "", "features": [_DRAWN]}},
    {"method": "POST", "path": "/figures?page=1", "headers": _OWN, "body": {"features": [_DRAWN]}},
    {"method": "PUT", "path": "/floor", "headers": _OWN, "body": {"pairs": _CLICKED}},
    *({"method": "GET", "path": f"/{name}", "headers": _OWN} for name in ("background", "tracks", "alive")),
    *({"method": "POST", "path": f"/{name}?page=1", "headers": _OWN} for name in ("leave", "done")),
]
_RAW = [
    b'POST / HTTP/1.1\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n{"JobId":""}GET / \r\n\r\n',
    b"GET /a?JobId=%61&JobId=b HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nFolded: a\r\n b\r\n\r\n0\r\n\r\n",
    b"GET /\r\n",
]
_REQUEST_WORDS = [
    *("editor", "gateway", "GET", "POST", "PUT", "HEAD", "OPTIONS", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0"),
    *("Content-Length", "Transfer-Encoding", "Expect", "100-continue", "Connection", "keep-alive", "Origin"),
    *("Host", "localhost", "[::1]:8080", "Sec-Fetch-Site", "same-origin", "X-Ptrack-Session", SECRET),
    *("JobId", "NextToken", "MaxResults", "SortBy", "INDEX", "S3Object", "Bucket", "Name", "clip", "/zones"),
]


_WITH_ROLES = {
    "text": [
        ("table frame=f,id=i,x=x_m,y=y_m", "f,i,x_m,y_m\n0,1,1.5,2\n1,1,1.6,2\n"),
        (
            "table time_s=at,id=i,box_xyxy=b,class=k",
            "at,i,b,k\n0.5,7,1 2 3 4,car\n1,7,1 2 3 4,car\n",
        ),
    ],
    "parquet": [
        ("table frame=frame,id=id,x=x_m,y=y_m", _PARQUET[0]),
        ("table time=time,id=track_id,box_xyxy=box_xyxy,class_name=class_name,confidence=score", _PARQUET[1]),
        ("table time_ms=time_ms,id=id,left=left,top=top,right=right,bottom=bottom,video=video", _PARQUET[2]),
    ],
}


def _headed(head, text):
    return HEADER + head.encode() + b"\n" + (text if isinstance(text, bytes) else text.encode())


def _of_family(family):
    """Give each file of a family without its format, and with it."""
    named = [(name, text) for name in FAMILIES[family] for text in _TRACKERS.get(name, ())]
    if family == "parquet":
        named = [("table", text) for text in _PARQUET]
    if family in {"parquet", "text"}:
        named += _WITH_ROLES[family]
    for name, text in named:
        yield text if isinstance(text, bytes) else text.encode()
        yield _headed(name, text)


SEEDS = {
    "pages": [text.encode() for text in _PAGES]
    + [json.dumps(_ONE).encode(form) for form in ("utf-16", "utf-16-be", "utf-32-le")],
    **{family: [*_of_family(family)] for family in FAMILIES},
    "zones": [text.encode() for text in _ZONES],
    "floors": [text.encode() for text in _FLOORS],
    "cameras": [text.encode() for text in _CAMERAS] + [_headed("csv", text) for text in _CAMERAS_CSV],
    "recordings": [text.encode() for text in _RECORDINGS] + [_headed("holidays", text) for text in _HOLIDAYS],
    "manifest": [json.dumps(said).encode() for said in _MANIFESTS],
    "editor": [json.dumps(said).encode() for said in _SESSIONS],
    "serve": [
        *(json.dumps({"requests": [one]}).encode() for one in _ASKED),
        json.dumps({"requests": _ASKED}).encode(),
        _headed("gateway", json.dumps({"requests": _ASKED[2:]})),
        *(_headed("editor", json.dumps({"requests": [one]})) for one in _PAGE),
        *_RAW,
        *(_headed("editor", text) for text in _RAW),
    ],
}
WORDS = {
    **FAMILIES,
    "text": [*FAMILIES["text"], *_ROLES],
    "sqlite": _STATEMENTS,
    "parquet": [*TYPES, *COMPRESSIONS, *_ROLES],
    "hdf5": [
        "trajectory",
        "frame",
        "id",
        "x",
        "y",
        "z",
        "fps",
        "<i8",
        "<u8",
        "<f4",
        "<c16",
        "S4",
        "?",
        "<M8[s]",
    ],
    "cameras": _CAMERA_WORDS,
    "recordings": [
        "video",
        "started_at",
        "timezone",
        "site",
        "camera",
        "opening_hours",
        "holidays",
        "PH off",
    ],
    "manifest": ["../x", "/x", "C:\\x", "a\\..\\b", "visits", "local_month", "delta", "min_count", "salt", 3],
    "editor": _SESSION_WORDS,
    "serve": _REQUEST_WORDS,
}
"""Values that the readers of a target know, for ``mutate``."""
FOUND = Path(__file__).parent / "found"


def list_cases(name):
    """List the seeds of a target and the input that once broke it, each with its name."""
    seeds = [(f"seed {number}", content) for number, content in enumerate(SEEDS[name])]
    files = sorted(path for path in (FOUND / name).glob("*") if path.is_file())
    return [*seeds, *((path.name, path.read_bytes()) for path in files)]
