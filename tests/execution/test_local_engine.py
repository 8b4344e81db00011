"""The local engine: calls in fresh processes, limits from outside, nothing left behind."""

import json
import os
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.execution import local
from bench.execution.engine import Call, Needs
from bench.execution.local import LocalEngine
from bench.execution.slots import available_cores
from bench.spec.errors import BenchError

HERE = Path(__file__).parent
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
TWO_CORES = pytest.mark.skipif(len(available_cores()) < 2, reason="needs two cores")


@pytest.fixture(scope="module", autouse=True)
def path():
    """The functions that are called stand beside this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))
        patch.setenv("BENCH_TEST_WISH", "kept")
        yield


@pytest.fixture(scope="module")
def engine(path):
    """An engine with one slot of one core, shared by the tests that don't harm it."""
    engine = prepared(["engine_calls"])
    yield engine
    engine.close()


def prepared(preload, *, jobs=1, cores=1):
    """An engine that knows what its calls need."""
    engine = LocalEngine(jobs)
    engine.prepare(Needs(cores=cores, preload=tuple(preload)))
    return engine


def make_call(function, limit_seconds=600.0, limit_bytes=2**32, id_=None, **argument):
    return Call(
        id=id_ or uuid.uuid4().hex,
        function=f"engine_calls:{function}",
        argument=argument,
        limit_seconds=limit_seconds,
        limit_bytes=limit_bytes,
    )


def ask(engine, call, slot=0):
    """Make a call and return its report."""
    engine.submit(slot, call)
    assert slot not in engine.idle
    (report,) = wait_for(engine, 1)
    assert report.id == call.id
    assert slot in engine.idle
    return report


def ask_over_time(engine, function, **argument):
    """Make a call that does not end, with a limit that lets it come as far as its fit."""
    for limit in (0.5, 2, 8, 32, 128):  # a busy machine needs longer
        report = ask(engine, make_call(function, limit_seconds=limit, **argument))
        assert (report.answer, report.killed_for) == (None, "timeout")
        if report.phase == "fit":
            break
    return report


def wait_for(engine, n):
    reports = []
    while len(reports) < n:
        reports += engine.wait(30)
    return reports


def sleepers(mark):
    """The processes that sleep for a marked time."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline() == ["sleep", mark]:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def mark():
    """A number of seconds that nobody else sleeps for."""
    return f"3{uuid.uuid4().int % 10**9:09d}"


def test_an_answer_comes_back(engine):
    """What the function returns is in the report, with the id of the call."""
    report = ask(engine, make_call("echo", text="é", list=[1, None, 2.5]))
    assert json.loads(report.answer) == {"text": "é", "list": [1, None, 2.5]}
    assert (report.exit_code, report.killed_for, report.lost) == (0, "", False)
    assert report.seconds > 0


@LINUX
def test_a_call_knows_when_its_limit_began(engine):
    """By the clock of the system, which every process shares: not before it was submitted."""
    before = time.monotonic()
    began, now = json.loads(ask(engine, make_call("began")).answer)
    assert before <= began <= now <= time.monotonic()


def test_a_large_argument_and_a_large_answer_come_through(engine):
    """Megabytes go there and back."""
    text = "x" * 3_000_000
    assert json.loads(ask(engine, make_call("echo", text=text)).answer)["text"] == text


@pytest.fixture(scope="module")
def described(engine):
    """Two descriptions of the process of a call, one after the other."""
    calls = [
        {"look for": ["jax", "engine_calls"], "import": late} for late in (["sklearn.tree"], [])
    ]
    return [json.loads(ask(engine, make_call("describe", **call)).answer) for call in calls]


def test_each_call_has_a_process_of_its_own(described):
    """Each one leads a group of its own, forked from one keeper, and knows the registry."""
    one, two = described
    assert one["pid"] != two["pid"]
    assert one["parent"] == two["parent"] != os.getpid()
    assert one["group"] == one["pid"]
    assert one["models"] > 5


def test_what_was_preloaded_is_there_and_nothing_else(described):
    """Preloaded modules are imported already; JAX, that nobody asked for, is not."""
    assert described[0]["modules"] == ["engine_calls"]


def test_a_process_works_in_its_scratch_folder(described):
    """It starts in a folder of its own that is another one each time and gone afterwards."""
    one, two = described
    assert one["folder"] == os.path.realpath(one["scratch"])
    assert one["folder"] != two["folder"]
    assert not Path(one["folder"]).exists()


def test_scratch_is_removed_with_what_is_in_it(engine):
    """Files that a call leaves in its folder are gone when it has ended."""
    folder = Path(ask(engine, make_call("write_in_scratch")).answer.decode())
    assert not folder.exists()


def test_nothing_is_read_from_standard_input(described):
    """Whoever reads finds the end at once."""
    assert described[0]["stdin"] == ""


def test_the_environment_is_the_same_everywhere(described):
    """Hashes of strings are the same in every process, and other variables are passed on."""
    for name in local._THREAD_VARIABLES:
        assert described[0]["environment"][name] == "1"
    assert described[0]["environment"]["PYTHONHASHSEED"] == "0"
    assert described[0]["environment"]["BENCH_TEST_WISH"] == "kept"
    assert described[0]["hash"] == described[1]["hash"]


@LINUX
def test_a_call_is_pinned_to_the_core_of_its_slot(described):
    """With one core a trial, it may use that one only, and every pool has one thread."""
    assert described[0]["cores"] == available_cores()[:1]
    assert set(described[0]["pools"]) == {1}


@LINUX
@TWO_CORES
@pytest.mark.parametrize("when", ["before the fork", "in the call"])
def test_two_cores_are_two_threads(when):
    """With two cores a trial, it may use both, and pools have two threads whenever they load."""
    libraries = ["numpy", "sklearn.tree"]
    early, late = (libraries, []) if when == "before the fork" else ([], libraries)
    engine = prepared(["engine_calls", *early], cores=2)
    try:
        found = json.loads(ask(engine, make_call("describe", **{"import": late})).answer)
    finally:
        engine.close()
    assert found["cores"] == available_cores()[:2]
    assert set(found["pools"]) == {2}
    assert found["environment"]["OMP_NUM_THREADS"] == "2"


@LINUX
@TWO_CORES
def test_two_slots_work_at_once_on_cores_of_their_own():
    """Two calls are in progress together, each on its core, and each report names its slot."""
    engine = prepared(["engine_calls"], jobs=2)
    try:
        assert len(engine.slots) == 2
        for slot in (0, 1):
            engine.submit(slot, make_call("describe", id_=f"call-{slot}"))
        assert engine.idle == []
        reports = wait_for(engine, 2)
    finally:
        engine.close()
    answers = {report.slot: json.loads(report.answer) for report in reports}
    assert {report.slot: report.id for report in reports} == {0: "call-0", 1: "call-1"}
    assert [answers[slot]["cores"] for slot in (0, 1)] == [[core] for core in available_cores()[:2]]
    assert answers[0]["parent"] != answers[1]["parent"]


def test_what_is_printed_is_kept(engine):
    """Both streams and those of children are in the report."""
    report = ask(engine, make_call("speak"))
    assert report.answer == b"said"
    for line in ("on standard output", "on standard error", "from a child"):
        assert line in report.output


def test_both_ends_of_a_long_output_are_kept(engine):
    """Of 200,008 bytes the first and the last 32 KiB are there, and how many are missing."""
    output = ask(engine, make_call("flood", n=200_000)).output
    assert output.startswith("beginx")
    assert output.endswith("xend")
    assert "\n[... 134,472 bytes left out ...]\n" in output  # 200,008 - 2 * 32,768
    assert output.count("x") == 2 * 32_768 - len("beginend")


def test_an_output_that_just_fits_is_kept_whole(engine):
    """64 KiB are kept to the last byte."""
    output = ask(engine, make_call("flood", n=2 * 32_768 - 8)).output
    assert output == "begin" + "x" * (2 * 32_768 - 8) + "end"


def test_a_function_that_raises_has_no_answer(engine):
    """The traceback is in the output, and the phase is where it was."""
    report = ask(engine, make_call("fail"))
    assert (report.answer, report.exit_code, report.phase) == (None, 1, "split")
    assert "RuntimeError: out of luck" in report.output


def test_a_function_that_does_not_exist_is_said(engine):
    """The registry's message is in the output."""
    report = ask(engine, make_call("nowhere"))
    assert report.answer is None
    assert "'nowhere'" in report.output


def test_how_a_process_ends_is_told(engine):
    """An exit code and a signal are told as they are, with the phase."""
    report = ask(engine, make_call("leave"))
    assert (report.answer, report.exit_code, report.phase) == (None, 7, "fit")
    report = ask(engine, make_call("die"))
    assert (report.answer, report.exit_code, report.phase) == (None, -9, "predict")
    assert report.killed_for == ""


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_timeout_ends_all_descendants(engine, mark, stubborn):
    """Over the time limit, process, children and a child in another session end, willing or not."""
    report = ask_over_time(engine, "wait", mark=mark, stubborn=stubborn)
    assert report.phase == "fit"  # it has started its children by then
    assert sleepers(mark) == []


def test_a_timeout_asks_first(engine, tmp_path):
    """SIGTERM comes before SIGKILL: who listens may still tidy up."""
    file = tmp_path / "asked"
    ask_over_time(engine, "tidy", file=str(file))
    assert file.read_text() == "asked"


def test_orphans_are_ended(engine, mark):
    """A call that answers leaves nothing running, whatever session it is in."""
    report = ask(engine, make_call("leave_orphans", mark=mark))
    assert report.answer == b"done"
    assert sleepers(mark) == []


@pytest.mark.parametrize("function", ["allocate", "allocate_in_child"])
def test_memory_over_the_limit_ends_a_call(engine, function):
    """Resident memory counts, that of children too."""
    call = make_call(function, limit_bytes=300 * 2**20, bytes=400 * 2**20, times=10**9)
    report = ask(engine, call)
    assert (report.answer, report.killed_for, report.phase) == (None, "memory", "fit")
    assert report.peak_resident_bytes > 300 * 2**20


def test_the_peak_of_memory_is_told(engine):
    """A hundred mebibytes in the fit are about a hundred, and the resident size holds more."""
    report = ask(engine, make_call("allocate", bytes=100 * 2**20, times=5))
    assert report.answer == b"%d" % (100 * 2**20)
    if sys.platform == "linux":
        assert 95 * 2**20 < report.peak_anon_bytes < 160 * 2**20
    assert report.peak_resident_bytes > 100 * 2**20


def test_a_lost_keeper_is_replaced():
    """The call of a keeper that is killed is reported lost, and the slot works again."""
    engine = prepared(["engine_calls"])
    try:
        report = ask(engine, make_call("kill_keeper"))
        assert report.lost
        assert report.answer is None
        report = ask(engine, make_call("echo", x=1))
        assert not report.lost
        assert json.loads(report.answer) == {"x": 1}
    finally:
        engine.close()


def test_closing_ends_everything(mark):
    """What was in progress is given up, and no process is left."""
    engine = prepared(["engine_calls"])
    pids = set(pid_of_children())
    engine.submit(0, make_call("wait", mark=mark))
    while len(sleepers(mark)) < 2:
        assert engine.wait(0.05) == []
    started = set(pid_of_children()) - pids
    assert len(started) >= 3  # server, keeper and the call
    engine.close()
    while sleepers(mark) or any(is_alive(pid) for pid in started):
        time.sleep(0.02)


def pid_of_children():
    return [process.pid for process in psutil.Process().children(recursive=True)]


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_engine_that_was_never_used_closes():
    """Starting is not needed for closing, nor waiting for what is still being imported."""
    prepared([]).close()
    engine = prepared(["engine_calls"])
    engine.start()
    engine.start()
    engine.close()


def insist(engine):
    """Make the same call again each time that it is lost."""
    for _ in range(20):
        for slot in engine.idle:
            engine.submit(slot, make_call("echo"))
        engine.wait(5)


def test_a_server_that_cannot_start_is_no_endless_loop(monkeypatch, tmp_path):
    """After a few deaths it is given up, and what it said is shown."""
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(2, b'no way'); os._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = prepared([])
    try:
        with pytest.raises(BenchError, match="keeps dying") as error:
            insist(engine)
        assert "no way" in str(error.value)
    finally:
        engine.close()


def test_a_module_that_does_not_import_is_not_the_engines_fault():
    """It is left to the trial that needs it to say so."""
    engine = prepared(["no_such_module", "engine_calls"])
    try:
        assert json.loads(ask(engine, make_call("echo", x=1)).answer) == {"x": 1}
    finally:
        engine.close()


@LINUX
def test_where_forking_is_not_safe_a_new_program_is_started():
    """With a preloaded module that has started a thread, calls run in programs of their own."""
    engine = prepared(["engine_calls", "engine_calls_threaded"])
    try:
        report = ask(engine, make_call("describe"))
    finally:
        engine.close()
    assert "bench.execution.child" in json.loads(report.answer)["command"]


def test_a_server_may_start_before_it_is_known_what_is_needed():
    """Told afterwards, it makes calls; the same may be asked for again, and nothing else."""
    engine = LocalEngine(1)
    try:
        engine.start()
        assert engine.slots == {}
        engine.prepare(Needs(preload=("engine_calls",)))
        assert json.loads(ask(engine, make_call("echo", x=1)).answer) == {"x": 1}
        engine.prepare(Needs(preload=("engine_calls",)))
        with pytest.raises(BenchError, match="something else"):
            engine.prepare(Needs(preload=()))
    finally:
        engine.close()


def test_a_server_that_nobody_needed_is_stopped():
    """Where the suite turned out wrong, for one."""
    engine = LocalEngine(1)
    pids = set(pid_of_children())
    engine.start()
    (started,) = set(pid_of_children()) - pids
    engine.close()
    assert not is_alive(started)


@pytest.fixture
def devices(monkeypatch):
    """Two GPUs, as the variable of their driver names them."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-ab")


@TWO_CORES
def test_two_slots_never_share_a_device(devices):
    """A call on a GPU sees the one of its slot alone; a call on the CPU sees none."""
    engine = LocalEngine(2)
    engine.prepare(Needs(device="gpu", preload=("engine_calls",)))
    try:
        seen = {}
        for device in ("gpu", "cpu"):
            for slot in (0, 1):
                engine.submit(slot, replace(make_call("describe"), device=device))
            for report in wait_for(engine, 2):
                environment = json.loads(report.answer)["environment"]
                seen[device, report.slot] = environment["CUDA_VISIBLE_DEVICES"]
    finally:
        engine.close()
    assert seen == {("gpu", 0): "4", ("gpu", 1): "GPU-ab", ("cpu", 0): "-1", ("cpu", 1): "-1"}
