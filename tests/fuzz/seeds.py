"""Where fuzzing starts: small good files of every shape."""

import json
import sqlite3

from pages import FACE, METADATA, page, record

from .targets import FORMATS

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
_BASE = sqlite3.connect(":memory:")
_BASE.executescript(
    "PRAGMA page_size = 512; CREATE TABLE metadata (key TEXT, value TEXT);"
    "INSERT INTO metadata VALUES ('fps', 10);"
    "CREATE TABLE trajectory_data (frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL);"
    "INSERT INTO trajectory_data VALUES (0, 1, 1.5, 2), (1, 1, 1.6, 2);"
)
_PATHFINDER = {"1": {"0.0": {"position": {"x": 1.5, "y": 2, "z": 0}}, "0.5": {"position": {"x": 2, "y": 2}}}}
_EVENTS = [
    {"id": "a-1", "camera": camera, "label": "person", "data": {"path_data": [[[0.5, 0.9], 1718987129.5]]}}
    for camera in ("a", "b")
]
_TRACKERS = {
    "mot": [_MOT, "1 1 1 1 5 5 1\n"],
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
    "ultralytics-csv": [
        "frame,name,class,confidence,track_id,box_x1,box_y1,box_x2,box_y2\n0,person,0,0.9,1,10,20,60,120\n"
    ],
    "points": ["#framerate: 16.00 fps\n#ID\tFR\tX\tY\tZ\n2\t0\t1.5\t-2\t0\n1\t1\t0\t0\t0\n1\t0\t1\t1\t0\n"],
    "obsmat": ["0 1 1.5 0 2 0.1 0 0.1\n6 1 1.6 0 2 0.1 0 0.1\n", "7.8e+02 1.0e+00 8.4 0.0 3.5 1.6 0.0 0.3\n"],
    "trajnet": ["780 1 8.46 3.59\n790 1 9.57 3.79\n", "0 1 ? ?\n10 1 1 2\n"],
    "jupedsim": [_BASE.serialize()],
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
    "hdf5": [b"\x89HDF\r\n\x1a\n" + bytes(96)],
    "table": [
        "frame,id,x_m,y_m\n0,1,1.5,2\n1,1,1.6,2\n",
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
SEEDS = {
    "pages": [text.encode() for text in _PAGES]
    + [json.dumps(_ONE).encode(form) for form in ("utf-16", "utf-16-be", "utf-32-le")],
    "trackers": [
        bytes([place]) + (text if isinstance(text, bytes) else text.encode())
        for name, texts in _TRACKERS.items()
        for text in texts
        for place in (0, FORMATS.index(name))
    ],
    "zones": [text.encode() for text in _ZONES],
    "floors": [text.encode() for text in _FLOORS],
    "recordings": [text.encode() for text in _RECORDINGS],
}
