"""Run ptrack in a process of its own, and stop it at a chosen step of its work.

A step opens, makes, renames or removes a file or folder below a given place. The run counts its own steps,
in all of its processes together, and stops itself. So the point is the same on a slow and on a fast machine.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from multiprocessing import parent_process
from pathlib import Path

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def cut_short(arguments, place, *, step=0, how="SIGKILL"):
    """Run ptrack up to a step below a place (0: to its end); return the finished process and its steps.

    ``how`` is the signal that the process sends to itself, ``"all"`` to kill the whole session,
    ``"parent"`` to kill the first process only, ``"terminate"`` to end the first process by SIGTERM, or
    ``"vanish"`` to remove the place and go on. Returns when
    all processes of the run have ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        counter = Path(folder) / "steps"
        counter.touch()
        command = [sys.executable, __file__, str(place), str(counter), str(step), how, *map(str, arguments)]
        options = {"capture_output": True, "text": True, "start_new_session": True, "timeout": 600}
        done = subprocess.run(command, check=False, **options)
        return done, counter.stat().st_size


def watch(place, counter, step, how):
    """Count the steps of this process below a place in a file that all processes share; stop at one."""
    file, stopped = os.open(counter, os.O_WRONLY | os.O_APPEND), []

    def look(event, given):
        if event not in STEPS or not str(given[0]).startswith(str(place)) or stopped:
            return
        os.write(file, b".")
        if 0 < step <= os.lseek(file, 0, os.SEEK_CUR):
            stopped.append(step)
            stop(how, place)

    sys.addaudithook(look)


def stop(how, place):
    parent = parent_process()
    if how == "vanish":
        shutil.rmtree(place)
    elif how == "all":
        os.killpg(0, signal.SIGKILL)
    elif how in {"parent", "terminate"}:
        number = signal.SIGKILL if how == "parent" else signal.SIGTERM
        os.kill(os.getpid() if parent is None else parent.pid, number)
    else:
        os.kill(os.getpid(), signal.Signals[how])


if __name__ in {"__main__", "__mp_main__"}:  # the workers of a run read this file anew
    watch(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])

if __name__ == "__main__":
    from ptrack_analysis.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background of a shell ignore it
    sys.exit(main(sys.argv[5:]))
