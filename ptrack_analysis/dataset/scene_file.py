"""The zone file and the floor plan of an export, tried before any video is read."""

from dataclasses import replace

from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.floor import read_floor
from ptrack_analysis.video import Pixels, Plane, Video
from ptrack_analysis.zones import Scene, project_scene, read_scene


def read_scene_file(settings: Settings) -> Scene | None:
    """Read the zone file, and try it with the floor plan, so that their faults are told before all else.

    Raises
    ------
    ZoneError
        If one of the files cannot be used.
    """
    scene = None if settings.zones is None else read_scene(settings.zones)
    video = settings.video
    if settings.floor is not None:
        sized = video if video.width and video.height else Video(width=1, height=1)
        read_floor(settings.floor, sized)
    try:
        plane: Plane = Pixels(1, 1) if settings.floor is None else read_floor(settings.floor, video)
        if scene is not None:
            for name in (video.name, *scene.videos):
                project_scene(scene, replace(video, name=name), plane, place=str(settings.zones))
    except ParameterError:
        return scene  # what is given in px can only be tried where the frame's size is known: with each video
    return scene
