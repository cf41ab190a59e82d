"""What `albumclean schedule` writes is read back by each system as it was meant, and it removes nothing but its own."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from albumclean.cli import schedule as command
from albumclean.cli.main import app
from albumclean.errors import NothingToScan, RootNotFound, ScheduleFailed, ScheduleRefused, UsageError
from albumclean.unattended.schedule import (
    KINDS,
    Every,
    Job,
    Scheduler,
    Surroundings,
    carried_environment,
    parse_time,
    scheduler,
    this_program,
)
from albumclean.unattended.schedule import registry as registry_module
from albumclean.unattended.schedule.cron import find_block, with_block, without_block
from albumclean.unattended.schedule.files import OwnFile, State, mark, seal_of, sealed
from albumclean.unattended.schedule.scheduler import Done, run
from albumclean.unattended.schedule.windows import NAMESPACE

steady = settings(derandomize=True, deadline=None)
PROGRAM = "/opt/album clean/bin/albumclean"
JOB = Job((PROGRAM,), ("run", "--quiet", "/home/ana/My Photos"), 3, 30)

printable = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
special = st.sampled_from("%$'\"\\ ;#`*(){}&<>|!~=")
words = st.text(special | printable, min_size=1, max_size=30).map(lambda text: f"/{text}")
jobs = st.builds(
    Job,
    program=st.just((PROGRAM,)),
    arguments=st.lists(words, min_size=1, max_size=4).map(lambda folders: ("run", "--quiet", *folders)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    every=st.sampled_from(Every),
    environment=st.lists(st.tuples(st.sampled_from(["ALBUMCLEAN_HOME", "XDG_DATA_HOME"]), words), max_size=1).map(
        tuple
    ),
    nice=st.integers(0, 19),
    on_battery=st.booleans(),
)


class System:
    """A stand-in for the tools of a system: keeps a crontab and the tasks of Windows, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.crontab: bytes | None = None
        self.tasks: set[str] = set()
        self.broken: set[str] = set()

    def __call__(self, asked: Sequence[str], given: bytes) -> Done:
        self.asked.append(tuple(asked))
        if asked[0] in self.broken:
            return Done(1, err=b"first line\nit will not")
        if asked[0] == "crontab":
            return self._cron(asked[1], given)
        if asked[0] == "schtasks":
            return self._task(asked[1], asked[3])
        return Done(0)

    def _cron(self, option: str, given: bytes) -> Done:
        if option == "-l":
            return Done(0, self.crontab) if self.crontab is not None else Done(1, err=b"no crontab for ana\n")
        self.crontab = None if option == "-r" else given
        return Done(0)

    def _task(self, option: str, name: str) -> Done:
        if option == "/query":
            return Done(0 if name in self.tasks else 1)
        (self.tasks.add if option == "/create" else self.tasks.discard)(name)
        return Done(0)


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def surroundings(tmp_path: Path, system: System) -> Surroundings:
    base = tmp_path / "user"
    base.mkdir()
    return Surroundings(base, base / ".config", base / "data", 501, system)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def nowhere(kind: str) -> Scheduler:
    return scheduler(kind, Surroundings(Path("/u"), Path("/u/.config"), Path("/u/data"), 501, System()))


# What each system reads


def systemd_words(line: str, *, variables: bool) -> list[str]:
    """The words of a line by systemd.syntax(7), systemd.unit(5) and systemd.service(5), written from these pages."""
    read: list[str] = []
    position = 0
    while position < len(line):
        if line[position] == " ":
            position += 1
            continue
        assert line[position] == '"'
        position += 1
        word = ""
        while line[position] != '"':
            if line[position] == "\\":
                position += 1
                assert line[position] in '\\"'
            word += line[position]
            position += 1
        position += 1
        read.append(word)
    for word in read:
        assert "%" not in word.replace("%%", "")
    read = [word.replace("%%", "%") for word in read]
    if variables:
        for word in read[1:]:
            assert "$" not in word.replace("$$", "")
        read = [read[0], *(word.replace("$$", "$") for word in read[1:])]
    return read


def unit(text: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            values.setdefault(name, []).append(value)
    return values


@steady
@given(jobs)
def test_systemd_reads_back_every_word(job: Job) -> None:
    service, timer = (unit(piece.text) for piece in nowhere("systemd").pieces(job))
    assert [list(job.command)] == [systemd_words(line, variables=True) for line in service["ExecStart"]]
    assert [f"{name}={value}" for name, value in job.environment] == [
        word for line in service.get("Environment", []) for word in systemd_words(line, variables=False)
    ]
    assert ([str(job.nice)], ["idle"], ["75"]) == (
        service["Nice"], service["IOSchedulingClass"], service["SuccessExitStatus"],
    )  # fmt: skip
    assert job.on_battery == ("ConditionACPower" not in service)
    day = "Sun *-*-*" if job.every is Every.WEEK else "*-*-*"
    assert ([f"{day} {job.hour:02}:{job.minute:02}:00"], ["true"]) == (timer["OnCalendar"], timer["Persistent"])
    assert ["timers.target"] == timer["WantedBy"]


def cron_reads(line: str) -> tuple[list[str], list[str]]:
    """The five fields and the words of the shell, after cron has read the line: two versions of cron must agree."""
    *fields, command = line.split(" ", 5)
    assert "%" not in command.replace("\\%", "")
    vixie = re.sub(r"\\([%\\])", r"\1", command)
    debian = command.replace("\\%", "%")
    assert vixie == debian
    return fields, shlex.split(vixie)


@steady
@given(jobs)
def test_cron_and_the_shell_read_back_every_word(job: Job) -> None:
    expected = [*(["env", *(f"{n}={v}" for n, v in job.environment)] if job.environment else []), *job.command]
    try:
        (piece,) = nowhere("cron").pieces(job)
    except ScheduleRefused:
        assert any("\\" in word for word in expected) or len(shlex.join(expected).encode()) > 900
        return
    begin, line, end = piece.text.splitlines()
    assert begin.startswith("# BEGIN albumclean ")
    assert "# END albumclean" == end
    fields, read = cron_reads(line)
    assert [str(job.minute), str(job.hour), "*", "*", "0" if job.every is Every.WEEK else "*"] == fields
    assert expected == read


@pytest.mark.skipif(os.name == "nt", reason="POSIX shells only")
def test_a_real_shell_runs_what_the_crontab_says(tmp_path: Path) -> None:
    program = tmp_path / "a 'b' \"c\" $HOME %d `e` ;f" / "albumclean"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$ALBUMCLEAN_HOME" "$@" > "$0.said"\n')
    program.chmod(0o755)
    folders = ("/p/it's", "/p/*", "/p/$(x)", "/p/é 100%", '/p/"q"', "/p/#a")
    job = Job((str(program),), folders, 3, 30, environment=(("ALBUMCLEAN_HOME", "/h o/%m"),))
    line = nowhere("cron").pieces(job)[0].text.splitlines()[1]
    assert [str(program), *folders] == cron_reads(line)[1][2:]
    subprocess.run(["/bin/sh", "-c", line.split(" ", 5)[5].replace("\\%", "%")], check=True)
    assert ["/h o/%m", *folders] == (program.parent / "albumclean.said").read_text("utf-8").splitlines()


@steady
@given(jobs)
def test_launchd_reads_back_every_word(job: Job) -> None:
    (piece,) = nowhere("launchd").pieces(job)
    values = plistlib.loads(piece.text.encode())
    assert list(job.command) == values["ProgramArguments"]
    assert dict(job.environment) == values.get("EnvironmentVariables", {})
    when = {"Hour": job.hour, "Minute": job.minute, **({"Weekday": 0} if job.every is Every.WEEK else {})}
    assert when == values["StartCalendarInterval"]
    assert ("Background", True, job.nice) == (values["ProcessType"], values["LowPriorityIO"], values["Nice"])


def windows_words(line: str) -> list[str]:
    """The words of a command line by the rules of CommandLineToArgvW, written from its documentation."""
    read, word, quoted, position, begun = [], "", False, 0, False
    while position < len(line):
        slashes = len(line[position:]) - len(line[position:].lstrip("\\"))
        position += slashes
        following = line[position : position + 1]
        if following == '"':
            word += "\\" * (slashes // 2)
            begun = True
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
            position += 1
            continue
        word += "\\" * slashes
        begun = begun or slashes > 0
        if following in (" ", "\t") and not quoted:
            if begun:
                read.append(word)
            word, begun = "", False
        elif following:
            word, begun = word + following, True
        position += 1
    return [*read, word] if begun else read


@steady
@given(jobs.map(lambda job: replace(job, environment=())))
def test_windows_reads_back_every_word(job: Job) -> None:
    try:
        (piece,) = nowhere("windows").pieces(job)
    except ScheduleRefused:
        assert any("%" in word or "$(" in word for word in job.command)
        return
    root = ET.fromstring(piece.text.encode("utf-16"))

    def text(path: str) -> str | None:
        found = root.find("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))
        assert found is not None
        return found.text

    assert (job.program[0], list(job.arguments)) == (
        text("Actions/Exec/Command"), windows_words(text("Actions/Exec/Arguments") or ""),
    )  # fmt: skip
    assert f"2024-01-07T{job.hour:02}:{job.minute:02}:00" == text("Triggers/CalendarTrigger/StartBoundary")
    rhythm = "ScheduleByWeek/WeeksInterval" if job.every is Every.WEEK else "ScheduleByDay/DaysInterval"
    assert "1" == text(f"Triggers/CalendarTrigger/{rhythm}")
    assert (("false" if job.on_battery else "true"), "true", "IgnoreNew") == (
        text("Settings/DisallowStartIfOnBatteries"), text("Settings/StartWhenAvailable"),
        text("Settings/MultipleInstancesPolicy"),
    )  # fmt: skip


def test_the_quoting_for_windows_is_read_back_as_python_itself_writes_it() -> None:
    for line in (["a b", 'c"d', "e\\", 'f\\"', "", "g\\\\ h\\"], ["C:\\Users\\Ana K\\Pictures\\"]):
        assert line == windows_words(subprocess.list2cmdline(line))


ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_itself_accepts_the_files(tmp_path: Path, surroundings: Surroundings) -> None:
    program = tmp_path / "pro % gram {x}" / "albumclean"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    job = Job(
        (str(program),), ("run", "/a $b ${c} %d 'e' \"f\" \\g ;"), 3, 30, Every.WEEK, (("ALBUMCLEAN_HOME", "/a %h $b"),)
    )
    timer = scheduler("systemd", surroundings)
    timer.write(job)
    folder = surroundings.config / "systemd" / "user"
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        [str(ANALYZE), "verify", "--user", str(folder / "albumclean.service"), str(folder / "albumclean.timer")],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr)


# What no timer can hold


@pytest.mark.parametrize("name", ["/a\nb", "/a\x1bb", "/a\0b", os.fsdecode(b"/\xff"), "/a\u2028b", "/a\rb", "/a\x85b"])
def test_a_name_that_no_timer_can_hold_is_refused_in_words(name: str) -> None:
    for job in ({"arguments": (name,)}, {"environment": (("ALBUMCLEAN_HOME", name),)}, {"program": (name,)}):
        with pytest.raises(ScheduleRefused) as refused:
            replace(JOB, **job)
        assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("kind", "job"),
    [
        ("cron", replace(JOB, arguments=("/a\\b",))),
        ("cron", replace(JOB, arguments=("/" + "a" * 1000,))),
        *(("systemd", replace(JOB, program=(f"/a{sign}b/albumclean",))) for sign in "$'\"\\"),
        ("windows", replace(JOB, arguments=("C:\\%TEMP%",))),
        ("windows", replace(JOB, arguments=("C:\\$(Arg0)",))),
        ("windows", replace(JOB, environment=(("ALBUMCLEAN_HOME", "C:\\x"),))),
    ],
)
def test_what_one_system_cannot_express_is_refused_in_words(
    kind: str, job: Job, surroundings: Surroundings, system: System
) -> None:
    timer = scheduler(kind, surroundings)
    with pytest.raises(ScheduleRefused):
        timer.write(job)
    assert ({}, None, set()) == (tree(surroundings.home), system.crontab, system.tasks)


@pytest.mark.parametrize("text", ["24:00", "3", "03:60", "3:5", "", "03:30:00", "-1:00", " 3:30", "٣:٣٠"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ScheduleRefused):
        parse_time(text)


def test_times_of_day() -> None:
    assert [(3, 30), (3, 30), (0, 0), (23, 59)] == [parse_time(text) for text in ("03:30", "3:30", "0:00", "23:59")]


# The contract of all


@pytest.mark.parametrize("kind", KINDS)
def test_every_scheduler_shows_exactly_what_it_writes(kind: str, surroundings: Surroundings, system: System) -> None:
    timer = scheduler(kind, surroundings)
    assert kind == timer.kind
    shown = [piece.text for piece in timer.pieces(JOB)]
    assert ({}, []) == (tree(surroundings.home), system.asked)
    timer.write(JOB)
    written = [
        content.decode("utf-16" if kind == "windows" else "utf-8") for content in tree(surroundings.home).values()
    ]
    if kind == "cron":
        written = [(system.crontab or b"").decode()]
    assert sorted(shown) == sorted(written)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_removed_without_a_trace_and_twice_does_no_harm(
    kind: str, surroundings: Surroundings, system: System
) -> None:
    timer = scheduler(kind, surroundings)
    other = surroundings.config / "systemd" / "user" / "other.timer"
    other.parent.mkdir(parents=True)
    other.write_text("[Timer]\n")
    before = tree(surroundings.home)
    assert not timer.is_there()
    timer.write(JOB)
    once = tree(surroundings.home), system.crontab
    timer.write(JOB)
    assert once == (tree(surroundings.home), system.crontab)
    assert timer.is_there()
    assert timer.remove()
    assert (before, None, set()) == (tree(surroundings.home), system.crontab, system.tasks)
    assert not timer.is_there()
    assert () == timer.remove()


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_time_replaces_the_old_one(kind: str, surroundings: Surroundings, system: System) -> None:
    timer = scheduler(kind, surroundings)
    timer.write(JOB)
    files = len(tree(surroundings.home))
    timer.write(replace(JOB, hour=5))
    assert files == len(tree(surroundings.home))
    if system.crontab:
        assert [b"30 5"] == re.findall(rb"^30 \d", system.crontab, re.MULTILINE)


def change(surroundings: Surroundings, system: System) -> None:
    """As a user would, in an editor."""
    for path in surroundings.home.rglob("*"):
        if path.is_file():
            encoding = "utf-16" if path.suffix == ".xml" else "utf-8"
            path.write_bytes(path.read_bytes().decode(encoding).replace("30", "45").encode(encoding))
    system.crontab = system.crontab and system.crontab.replace(b"30 3", b"45 3")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_user_has_changed_is_neither_replaced_nor_removed_unasked(
    kind: str, surroundings: Surroundings, system: System
) -> None:
    timer = scheduler(kind, surroundings)
    timer.write(JOB)
    change(surroundings, system)
    changed = tree(surroundings.home), system.crontab
    for act in (partial(timer.write, JOB), timer.remove):
        with pytest.raises(ScheduleRefused, match="--force"):
            act()
    assert changed == (tree(surroundings.home), system.crontab)
    timer.write(JOB, force=True)
    change(surroundings, system)
    timer.remove(force=True)
    assert ({}, None) == (tree(surroundings.home), system.crontab)


@pytest.mark.parametrize("kind", ["systemd", "launchd", "windows"])
@pytest.mark.parametrize("force", [False, True])
def test_a_file_of_someone_else_stays_as_it_is(kind: str, force: bool, surroundings: Surroundings) -> None:
    timer = scheduler(kind, surroundings)
    timer.write(JOB)
    paths = [path for path in surroundings.home.rglob("*") if path.is_file()]
    for path in paths:
        path.write_text("mine")
    for act in (partial(timer.write, JOB, force=force), partial(timer.remove, force=force)):
        with pytest.raises(ScheduleRefused, match="no file that albumclean wrote"):
            act()
    assert {"mine"} == {path.read_text() for path in paths}
    assert not timer.is_there()


@pytest.mark.skipif(os.name == "nt", reason="links need privileges")
def test_a_link_in_the_place_of_a_file_is_not_followed(surroundings: Surroundings, tmp_path: Path) -> None:
    timer = scheduler("systemd", surroundings)
    timer.write(JOB)
    path = surroundings.config / "systemd" / "user" / "albumclean.timer"
    path.rename(tmp_path / "dotfiles.timer")
    path.symlink_to(tmp_path / "dotfiles.timer")
    with pytest.raises(ScheduleRefused):
        timer.remove(force=True)
    assert (tmp_path / "dotfiles.timer").exists()
    assert path.is_symlink()


def test_of_two_files_none_is_written_if_one_is_not_ours(surroundings: Surroundings) -> None:
    folder = surroundings.config / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / "albumclean.timer").write_text("mine")
    with pytest.raises(ScheduleRefused):
        scheduler("systemd", surroundings).write(JOB)
    assert ["albumclean.timer"] == [path.name for path in folder.iterdir()]


def test_a_task_of_another_program_is_not_replaced(surroundings: Surroundings, system: System) -> None:
    system.tasks.add("albumclean")
    with pytest.raises(ScheduleRefused, match="did not write"):
        scheduler("windows", surroundings).write(JOB)
    assert ({"albumclean"}, {}) == (system.tasks, tree(surroundings.home))
    assert () == scheduler("windows", surroundings).remove()


@pytest.mark.parametrize(
    ("kind", "tool"), [("systemd", "systemctl"), ("launchd", "launchctl"), ("windows", "schtasks")]
)
def test_a_system_that_refuses_is_told_in_words(
    kind: str, tool: str, surroundings: Surroundings, system: System
) -> None:
    system.broken.add(tool)
    with pytest.raises(ScheduleFailed, match="it will not"):
        scheduler(kind, surroundings).write(JOB)


def test_the_link_that_systemd_made_for_the_timer_goes_with_it(surroundings: Surroundings, system: System) -> None:
    timer = scheduler("systemd", surroundings)
    timer.write(JOB)
    folder = surroundings.config / "systemd" / "user"
    wants = folder / "timers.target.wants"
    wants.mkdir()
    (wants / "albumclean.timer").symlink_to(folder / "albumclean.timer")
    (wants / "other.timer").symlink_to(folder / "other.timer")
    system.broken.add("systemctl")
    said = timer.remove()
    assert "it will not" in said[0]
    assert ["other.timer"] == [path.name for path in wants.iterdir()]


# Crontabs

lines = st.lists(
    st.binary(max_size=30).filter(lambda line: b"\n" not in line and b"albumclean" not in line), max_size=6
)
BLOCK = b"# BEGIN albumclean 0123\n30 3 * * * x\n# END albumclean\n"


@steady
@given(lines, lines)
def test_all_other_lines_of_a_crontab_stay_byte_for_byte(above: list[bytes], below: list[bytes]) -> None:
    first, second = (b"".join(line + b"\n" for line in part) for part in (above, below))
    assert first + BLOCK == with_block(first, BLOCK)
    assert first == without_block(with_block(first, BLOCK))
    older = first + BLOCK.replace(b"30 3", b"0 1") + second
    assert first + BLOCK + second == with_block(older, BLOCK)
    assert first + second == without_block(older)


def test_a_last_line_without_an_end_is_not_run_together_with_ours() -> None:
    assert b"0 1 * * * y\n" + BLOCK == with_block(b"0 1 * * * y", BLOCK)


@pytest.mark.parametrize(
    "content",
    [
        b"# BEGIN albumclean 01\n30 3 * * * x\n",
        b"# END albumclean\n",
        BLOCK + BLOCK,
        b"# BEGIN albumclean 01\n0 0 * * * mine\n" + BLOCK,
        BLOCK + b"# END albumclean\n",
    ],
)
def test_marks_that_are_not_one_pair_are_left_to_the_user(
    content: bytes, surroundings: Surroundings, system: System
) -> None:
    system.crontab = content
    with pytest.raises(ScheduleRefused):
        find_block(content)
    for act in (partial(scheduler("cron", surroundings).write, JOB), scheduler("cron", surroundings).remove):
        with pytest.raises(ScheduleRefused, match="crontab -e"):
            act()
    assert content == system.crontab


def test_a_crontab_that_cannot_be_read_is_never_written_over(surroundings: Surroundings, system: System) -> None:
    system.crontab = b"0 1 * * * mine\n"
    system.broken.add("crontab")
    with pytest.raises(ScheduleFailed, match="can't be read"):
        scheduler("cron", surroundings).write(JOB)
    assert [("crontab", "-l")] == system.asked


def test_a_crontab_with_lines_of_the_user_is_kept_when_ours_go(surroundings: Surroundings, system: System) -> None:
    system.crontab = b"MAILTO=ana\n0 1 * * * mine\n"
    timer = scheduler("cron", surroundings)
    timer.write(JOB)
    timer.remove()
    assert b"MAILTO=ana\n0 1 * * * mine\n" == system.crontab


def test_settings_of_the_crontab_that_matter_are_told(surroundings: Surroundings, system: System) -> None:
    timer = scheduler("cron", surroundings)
    assert not [line for line in timer.write(JOB) if line.startswith("But")]
    system.crontab = b'MAILTO=""\nSHELL=/usr/bin/fish\n'
    assert 2 == len([line for line in timer.write(JOB) if line.startswith("But")])
    system.crontab = b"MAILTO=ana\nSHELL=/bin/bash\n"
    assert not [line for line in timer.write(JOB) if line.startswith("But")]


# Our own files


@steady
@given(
    st.text(max_size=50),
    st.integers(0, 40),
    st.sampled_from("xé0 "),
)
def test_any_change_of_a_sealed_text_is_seen(text: str, place: int, letter: str) -> None:
    whole = sealed(f"# {mark()}\n{text}")
    assert State.OURS is seal_of(whole)
    at = min(len(whole), whole.index("\n") + 1 + place)
    assert State.CHANGED is seal_of(whole[:at] + letter + whole[at:])
    assert State.FOREIGN is seal_of(text)


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = OwnFile(tmp_path / "a.timer")
    file.write(sealed(f"# {mark()}\nold\n"))
    before = tree(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScheduleFailed, match="No space left"):
        file.write(sealed(f"# {mark()}\nnew\n"))
    assert before == tree(tmp_path)


def test_a_tool_that_is_not_there_is_told_and_raises_nothing() -> None:
    assert 127 == run(["albumclean-no-such-tool"]).code
    assert Done(3, b"in", b"") == run(
        [sys.executable, "-c", "import sys; print(input(), end=''); sys.exit(3)"], b"in\n"
    )


# The command line


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch, surroundings: Surroundings) -> Surroundings:
    """This test's own user, whose system has cron alone."""
    from albumclean.unattended import schedule as room

    monkeypatch.setattr(Surroundings, "of_this_user", classmethod(lambda cls, data: surroundings))
    monkeypatch.setattr(room, "usual_kind", lambda: "cron")
    monkeypatch.setattr(registry_module, "is_installed", lambda kind: kind == "cron")
    monkeypatch.setattr(sys, "argv", ["/nowhere/albumclean/__main__.py"])
    return surroundings


def call(*arguments: str | Path, say: str = "") -> Result:
    return CliRunner().invoke(app, ["schedule", *map(str, arguments)], input=say)


def test_showing_writes_nothing(user: Surroundings, system: System, album: Path) -> None:
    result = call(album, "--show", "--at", "4:05", "--every", "week", "--max-time", "90", "--protected", album)
    assert (0, None) == (result.exit_code, system.crontab)
    line = next(line.strip() for line in result.output.splitlines() if line.strip().startswith("5 4 * * 0"))
    read = cron_reads(line)[1]
    assert ["run", "--quiet", "--max-time", "90", "--protected", str(album), str(album)] == read[read.index("run") :]
    assert f"ALBUMCLEAN_HOME={os.environ['ALBUMCLEAN_HOME']}" in read
    assert [sys.executable, "-m", "albumclean"] == read[read.index("run") - 3 : read.index("run")]


def test_without_a_terminal_it_needs_to_be_told(user: Surroundings, system: System, album: Path) -> None:
    result = call(album)
    assert isinstance(result.exception, UsageError)
    assert "--write" in str(result.exception)
    assert system.crontab is None


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_in_a_terminal_it_asks(
    user: Surroundings, system: System, album: Path, monkeypatch: pytest.MonkeyPatch, answer: str, written: bool
) -> None:
    monkeypatch.setattr(command, "is_interactive", lambda: True)
    result = call(album, say=answer)
    assert (0, written) == (result.exit_code, system.crontab is not None)


def test_it_writes_and_removes_and_says_so(user: Surroundings, system: System, album: Path) -> None:
    said, written = call(album, "--write").output, system.crontab
    assert "Your crontab runs it now" in said
    assert str(album).encode() in (written or b"")
    assert "Removed the lines" in call("--remove").output
    assert system.crontab is None
    assert "There is nothing to remove." in call("--remove").output


def test_a_timer_of_another_kind_is_told_and_removed_too(user: Surroundings, system: System, album: Path) -> None:
    call(album, "--write")
    assert "There is a line in your crontab too" in call(album, "--write", "--kind", "systemd").output
    call("--remove")
    assert (None, {}) == (system.crontab, tree(user.home))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), NothingToScan),
        (("--show",), NothingToScan),
        (("/nowhere/at all", "--write"), RootNotFound),
        (("/", "--at", "25:00", "--write"), ScheduleRefused),
        (("/", "--write", "--show"), UsageError),
        (("--write", "--remove"), UsageError),
    ],
)
def test_a_wrong_call_writes_nothing(
    user: Surroundings, system: System, arguments: tuple[str, ...], error: type[Exception]
) -> None:
    assert isinstance(call(*arguments).exception, error)
    assert ([], {}) == (system.asked, tree(user.home))


def test_the_program_is_found_again_wherever_it_is_started(tmp_path: Path) -> None:
    program = tmp_path / "albumclean"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert (str(program),) == this_program(str(program))
    assert (sys.executable, "-m", "albumclean") == this_program(str(tmp_path / "albumclean" / "__main__.py"))


def test_what_decides_where_albumclean_keeps_its_files_is_carried_along() -> None:
    environ = {
        "XDG_DATA_HOME": "/d",
        "ALBUMCLEAN_HOME": "/h",
        "ALBUMCLEAN_CONFIG": "",
        "HOME": "/home/ana",
        "LANG": "C",
    }
    assert (("ALBUMCLEAN_HOME", "/h"), ("XDG_DATA_HOME", "/d")) == carried_environment(environ)
