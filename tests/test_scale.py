"""Many videos on an Executor: in order, few at once, and nothing lost with a worker."""

import os
import signal
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moving import local_cluster
from pages import page, record, write

from ptrack_analysis import find_videos
from ptrack_analysis.errors import InputError, ParameterError, RemoteError, WorkerError
from ptrack_analysis.pipeline.workers import dask, map_tasks, map_videos, processes


class Counting(Executor):
    """An executor that works on what it holds when more cannot come, and counts what it holds."""

    def __init__(self):
        self.held = self.most = self.taken = 0

    def submit(self, function, /, *given):
        self.held += 1
        self.taken += 1
        self.most = max(self.most, self.held)
        return Late(self, function, given)


class Late(Future):
    """A future whose work is done when somebody looks whether it is done."""

    def __init__(self, executor, function, given):
        super().__init__()
        self.work = executor, function, given

    def done(self):
        if not super().done():
            executor, function, given = self.work
            executor.held -= 1
            self.set_result(function(*given))
        return True


def half(number):
    if number % 2:
        raise InputError(f"{number} is odd")
    return number // 2


def die(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(task):
    number, folder = task
    mark = folder / f"{number}"
    if number % 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class StubbornError(ValueError):
    """An error that cannot be sent to another process."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def be_stubborn(_):
    raise StubbornError(1, 2)


def test_of_100_000_tasks_the_executor_holds_no_more_than_it_may():
    executor = Counting()
    outcomes = map_tasks(half, range(100_000), executor=executor, in_flight=7)
    for _ in range(10):
        next(outcomes)
    assert (executor.most, executor.taken) == (7, 16)
    assert sum(1 for _ in outcomes) == 100_000 - 10
    assert (executor.most, executor.taken, executor.held) == (7, 100_000, 0)


@given(st.lists(st.integers(0, 99)), st.integers(1, 9), st.integers(1, 4))
def test_outcomes_are_those_of_a_loop_in_its_order(numbers, in_flight, threads):
    expected = [(n, None if n % 2 else n // 2, f"{n} is odd" if n % 2 else "None") for n in numbers]
    with ThreadPoolExecutor(threads) as executor:
        for outcomes in (
            map_tasks(half, numbers, executor=executor, in_flight=in_flight),
            map_tasks(half, numbers),
        ):
            assert [(one.task, one.result, str(one.error)) for one in outcomes] == expected


def test_a_number_in_flight_below_one_is_refused():
    with pytest.raises(ParameterError, match="in_flight must be a whole number of at least 1, got 0"):
        list(map_tasks(half, [], in_flight=0))
    for wrong in (0, -1, True, 1.5, "2"):
        with pytest.raises(ParameterError, match="must be an integer of at least 1, got"):
            processes(wrong)


def test_an_error_that_cannot_travel_comes_as_what_it_says():
    (outcome,) = map_tasks(be_stubborn, [1], make=processes(1))
    assert isinstance(outcome.error, WorkerError)
    assert str(outcome.error) == "StubbornError: 1 and 2"
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        StubbornError(*StubbornError(1, 2).args)


def test_a_task_that_kills_its_worker_fails_alone():
    outcomes = list(map_tasks(die, range(8), make=processes(2), in_flight=4))
    assert [one.result for one in outcomes] == [0, 1, 2, None, 4, 5, 6, 7]
    assert isinstance(outcomes[3].error, WorkerError)
    assert "killed repeatedly" in str(outcomes[3].error)


def test_tasks_whose_worker_was_killed_are_tried_again(tmp_path):
    tasks = [(number, tmp_path) for number in range(5)]
    outcomes = list(map_tasks(die_once, tasks, make=processes(2), in_flight=3))
    assert [(one.result, one.error) for one in outcomes] == [(number, None) for number in range(5)]


def test_a_pool_that_was_given_cannot_be_mended_and_says_so():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        outcomes = map_tasks(die, [1, 3, 4], executor=executor)
        with pytest.raises(WorkerError, match="The executor broke"):
            list(outcomes)
        assert issubclass(WorkerError, ValueError)
        assert not issubclass(WorkerError, BrokenExecutor)


def test_who_stops_asking_leaves_nothing_running():
    with ThreadPoolExecutor(1) as executor:
        outcomes = map_tasks(half, range(100), executor=executor, in_flight=5)
        next(outcomes)
        outcomes.close()


@pytest.fixture
def archive(tmp_path):
    for number in range(3):
        records = [record(ms, 0) for ms in range(0, 100 * (number + 1), 100)]
        write(tmp_path / f"pages/v{number}/p-1.json", page(*records, job=f"job-{number}"))
    write(tmp_path / "pages/v1/p-1.json", page({"Timestamp": -1, "Person": {"Index": 0}}, job="job-1"))
    return tmp_path / "pages"


def count(detections, video):
    return video.name, len(detections)


def test_a_function_is_called_with_each_video_where_it_runs(archive):
    references = find_videos(archive)
    with ThreadPoolExecutor(2) as executor:
        for chosen in (None, executor):
            outcomes = list(map_videos(count, references, executor=chosen))
            assert [one.task for one in outcomes] == references
            assert [one.result for one in outcomes] == [("v0-p", 1), None, ("v2-p", 3)]
            assert "v1" in str(outcomes[1].error)


def test_who_waits_while_the_scheduler_goes_away_is_told_so():
    """A client that connects again completes nothing that it was given meanwhile."""

    class Lost(Executor):
        _client = SimpleNamespace(status="running")

        def submit(self, *_):
            self._client.status = "connecting"
            return Future()

    with pytest.raises(RemoteError, match="The connection to the scheduler was lost"):
        next(map_tasks(abs, [-1], executor=Lost()))


def test_who_waits_for_a_cluster_that_stays_without_workers_is_told_so(monkeypatch):
    """Dask gives a worker up that dies while it starts, and waits for the next one without end."""
    monkeypatch.setattr("ptrack_analysis.pipeline.workers.PATIENCE", 2.0)
    with (
        local_cluster(0) as cluster,
        dask(cluster.scheduler_address) as (executor, _),
        pytest.raises(RemoteError, match="has had no worker for 2 s"),
    ):
        next(map_tasks(abs, [-1], executor=executor))


def test_no_scheduler_is_one_sentence():
    pytest.importorskip("distributed")
    for address in ("tcp://127.0.0.1:9", "nonsense://", "tcp://"):
        with pytest.raises(RemoteError, match="cannot connect to a Dask scheduler"), dask(address):
            pass


def test_an_error_of_a_strange_class_comes_back_as_its_text():
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = map_tasks(be_stubborn, [1], executor=executor)
    assert isinstance(outcome.error, WorkerError)
    assert str(outcome.error) == "StubbornError: 1 and 2"
