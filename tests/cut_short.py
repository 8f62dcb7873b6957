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
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def cut_short(arguments, place, *, step=0, how="SIGKILL", **more):
    """Run ptrack up to a step below a place (0: to its end); return the finished process and its steps.

    ``how`` is the signal that the process sends to itself, ``"all"`` to kill the whole session,
    ``"parent"`` to kill the first process only, ``"terminate"`` to end the first process by SIGTERM, or
    ``"vanish"`` to remove the place and go on. Further options start the process. Returns when all processes
    of the run have ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        counter = Path(folder) / "steps"
        counter.touch()
        command = [sys.executable, __file__, str(place), str(counter), str(step), how, *map(str, arguments)]
        options = {"capture_output": True, "text": True, "start_new_session": True, "timeout": 600}
        options |= more
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


FORKS = """
import os, sys
from cut_short import watch
{work}
counter, log = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)
for line in sys.stdin:
    step, how, place = line.rstrip().split(" ", 2)
    child = os.fork()
    if not child:
        watch(place, counter, int(step), how)
        os._exit(work(place))
    print(os.waitpid(child, 0)[1], flush=True)
"""


@contextmanager
def forked(work, folder):
    """Give a function that runs ``work(place)`` of a script up to a step below the place.

    It returns the exit code, or minus the signal that ended the run, its steps, and what it wrote to ``log``.
    Each run is a fork of one process, so it starts at once with everything loaded.
    """
    files = [folder / "steps", folder / "log"]
    with subprocess.Popen(
        [sys.executable, "-c", FORKS.format(work=work), *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:

        def run(place, *, step=0, how="SIGKILL"):
            for file in files:
                file.write_bytes(b"")
            process.stdin.write(f"{step} {how} {place}\n")
            process.stdin.flush()
            code = os.waitstatus_to_exitcode(int(process.stdout.readline()))
            return code, files[0].stat().st_size, files[1].read_text()

        yield run
        process.stdin.close()


if __name__ in {"__main__", "__mp_main__"}:  # the workers of a run read this file anew
    watch(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])

if __name__ == "__main__":
    from ptrack_analysis.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background of a shell ignore it
    sys.exit(main(sys.argv[5:]))
