"""Files that no reader knows: each is told what it is, and what to do about it."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write

from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, NoPageError
from ptrack_analysis.sources.finding import find_videos
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.video import Video

FILES = {
    "an MP4 video": ("a.mp4", b"\0\0\0\x20ftypisom\0\0\2\0", "this is a video. .*the results of a tracker"),
    "an AVI video": ("a.avi", b"RIFF\1\2\3\4AVI LIST", "this is a video"),
    "a Matroska video": ("a.mkv", b"\x1aE\xdf\xa3\1\0", "this is a video"),
    "a JPEG image": ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "this is an image"),
    "a PNG image": ("a.png", b"\x89PNG\r\n\x1a\n\0", "this is an image"),
    "an HEIC image": ("a.heic", b"\0\0\0\x18ftypheic\0\0", "this is an image"),
    "a web page": ("a.txt", "<!DOCTYPE html><html>", "this is a web page"),
    "CVML": ("a.xml", '<dataset name="x">', "CVML .*--columns frame=number,id=id,center_x=xc"),
    "other XML": ("a.xml", "<foo/>", "XML with the root element 'foo'"),
    "a workbook": ("a.xlsx", b"PK\x03\x04\x14\0", "Excel workbook.*save the sheet as CSV"),
    "a pickle": ("a.pkl", b"\x80\x04\x95\0", "pickle, which is never loaded"),
    "a table": (
        "a.csv",
        "Frame No,Track ID,X1,Y1,W,H\n0,1,2,3,4,5\n",
        r"the columns 'Frame No', .*--columns 'frame=Frame No,id=Track ID,left=X1,width=W,top=Y1,height=H'",
    ),
    "a table of something": ("a.csv", "a,b\n1,2\n", r"--columns frame=...,id=...,left=...,top=...,"),
    "rows of numbers": ("a.txt", "1,2,3\n4,5,6\n", "rows of 3 numbers without a header"),
    "labels of Rekognition": ("a.json", json.dumps({"Labels": []}), "GetLabelDetection"),
    "COCO": (
        "a.json",
        json.dumps({"images": [], "annotations": [], "categories": []}),
        "COCO file without tracks",
    ),
    "a stream processor": ("a.json", json.dumps({"StreamProcessorInformation": {}}), "stream processor"),
    "a stream's labels": (
        "a.json",
        json.dumps({"eventNamespace": {}, "labels": []}),
        "first occurrence only",
    ),
    "Eden AI": ("a.json", json.dumps({"standardized_response": {}}), "Save original_response"),
    "Datumaro": ("a.json", json.dumps({"info": {}, "categories": {}, "items": []}), "Datumaro.* as MOT 1.1"),
    "OpenPose": ("a.json", json.dumps({"version": 1.3, "people": []}), "OpenPose .* skeletons without boxes"),
    "Azure Video Indexer": ("a.json", json.dumps({"summarizedInsights": {}}), "Azure Video Indexer"),
    "Azure Spatial Analysis": ("a.json", json.dumps({"events": [], "sourceInfo": {}}), "Azure Spatial"),
    "FiftyOne": ("a.json", json.dumps({"samples": []}), "FiftyOne.* Export it for CVAT"),
    "kwcoco": ("a.kwcoco.json", json.dumps({"images": [], "annotations": []}), "a kwcoco file"),
    "UAVDT": ("M0101_gt_whole.txt", "1,1,10,20,30,40,1,1,0\n", "UAVDT, which are vehicles only"),
    "Town Centre": (
        "a.top",
        "0,0,1,1,1.0,2.0,3.0,4.0,1.0,2.0,30.0,40.0\n",
        "first line: id,frame,head_valid",
    ),
    "one dump of DeepStream": (
        "00_000_000001.txt",
        f"person 17 0.0 0 0.0 40.0 30.0 80.0 150.0{' 0.0' * 7} 0.81\n",
        "Pass the folder of the files",
    ),
    "KITTI's object labels": (
        "000001.txt",
        f"Pedestrian 0.00 0 -0.20 712.4 143.0 810.7 307.9{' 1.5' * 7}\n",
        "no ids",
    ),
    "Edinburgh": (
        "tracks.Aug24.txt",
        "% Total number of trajectories in file are 2\n% Image Resolution 0.02\n\nProperties.R1= [ 1 2 ];\n",
        "Edinburgh.* --columns frame=frame,id=id,x=x,y=y --unit px",
    ),
    "splines of UCY": (
        "zara01.vsp",
        "148 - the number of splines\n8 - Num of control points\n-47 5 0 90.0\n",
        r"splines of UCY \(.vsp\)",
    ),
    "highD": (
        "01_tracks.csv",
        "frame,id,x,y,width,height,precedingId,followingId,laneId\n1,1,2,3,4,5,0,0,2\n",
        "highD, which are vehicles without people",
    ),
    "Metrica": (
        "a.csv",
        ",,,Home,,Home\n,,,11,,1\nPeriod,Frame,Time [s],Player11,,Player1\n1,1,0.04,0.1,0.2,0.3\n",
        "Metrica.*kloppy",
    ),
    "unknown JSON": ("a.json", json.dumps([{"foo": 1, "bar": 2}]), "members 'foo', 'bar'"),
    "text": ("a.txt", "lorem ipsum\n", "text file that no reader knows"),
}


@pytest.mark.parametrize(("name", "content", "said"), FILES.values(), ids=FILES.keys())
def test_an_unknown_file_is_answered_as_what_it_is(tmp_path, capsys, name, content, said):
    file = write(tmp_path / name, content)
    with pytest.raises(InputError, match=said) as refused:
        find_videos(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert main(["summary", str(file)]) == 3
    assert str(refused.value) in capsys.readouterr().err


def test_the_first_line_that_is_advised_for_town_centre_makes_a_table(tmp_path):
    names = "id,frame,head_valid,body_valid,head_left,head_top,head_right,head_bottom,left,top,right,bottom"
    rows = [f"4,{frame},1,1,1,2,3,4,10,20,40,120" for frame in range(2)]
    file = write(tmp_path / "a.csv", "\n".join([names, *rows]))
    table, _ = read_tracking(file, video=Video(width=100, height=200, frame_rate=25.0))
    assert table["left"].tolist() == [0.1, 0.1]


def test_a_parquet_file_is_answered_with_its_columns(tmp_path):
    pq.write_table(
        pa.table({"frame": [1], "pid": [1], "cx": [1], "cy": [1], "w": [1], "h": [1]}), tmp_path / "a.pq"
    )
    with pytest.raises(
        InputError, match=r"--columns frame=frame,id=pid,width=w,center_x=cx,height=h,center_y=cy"
    ):
        find_videos(tmp_path / "a.pq")


def test_a_zipped_file_is_answered_by_its_content(tmp_path):
    with pytest.raises(InputError, match="a web page"):
        find_videos(write(tmp_path / "a.txt.gz", gzip.compress(b"<html><body>")))


def test_a_folder_without_tracking_data_is_no_archive(tmp_path):
    write(tmp_path / "a" / "notes.md", "x")
    with pytest.raises(NoPageError):
        find_videos(tmp_path / "a")
