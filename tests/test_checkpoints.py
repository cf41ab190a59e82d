"""Files of others with weights: whatever they hold, nothing of it is run, and the user hears what is wrong."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from albumclean.errors import CheckpointUnusable
from albumclean.scoring import checkpoints
from albumclean.scoring.checkpoints import find_weights, read_weights
from albumclean.scoring.inspection import inspect
from tests.checkpoint_tasks import crash, grow

Write = Callable[[Path], object]


class Trap:
    """Pickled, it makes whoever reads it run a program."""

    def __init__(self, program: Callable[..., object], *arguments: object) -> None:
        self.call = program, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


def traps(marker: Path) -> list[object]:
    return [
        Trap(os.system, f"touch {marker}"),
        Trap(eval, f"open({str(marker)!r}, 'w')"),
        Trap(exec, f"open({str(marker)!r}, 'w')"),
        Trap(open, str(marker), "w"),
        Trap(Path.touch, marker),
        Trap(getattr, {}, "clear"),
        Trap(__import__, "antigravity"),
        Trap(np.save, str(marker), [1]),
        Trap(torch.save, [1], str(marker)),
    ]


def refusal(path: Path) -> str:
    """What the user is told of a file that can't be used."""
    with pytest.raises(CheckpointUnusable) as caught:
        read_weights(path)
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(f"{path} can't be used as a model: ")
    return text.removeprefix(f"{path} can't be used as a model: ")


def archive(path: Path, content: bytes, packed: int = zipfile.ZIP_STORED, **records: bytes) -> None:
    """A file as `torch.save` makes it, around any pickle."""
    with zipfile.ZipFile(path, "w", packed) as file:
        file.writestr("archive/data.pkl", content)
        for name, data in {"byteorder": b"little", "version": b"3\n"}.items():
            file.writestr(f"archive/{name}", data)
        for name, data in records.items():
            file.writestr(f"archive/data/{name.removeprefix('_')}", data)


def lying(path: Path, *, stored: int, shape: tuple[int, ...], stride: tuple[int, ...], claimed: int) -> None:
    """One weight, whose pickle claims `claimed` numbers in a storage of `stored`."""

    class Storage:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: object) -> object:
            return ("storage", torch.FloatStorage, "0", "cpu", claimed) if isinstance(thing, Storage) else None

    class Tensor:
        def __reduce__(self) -> tuple[object, ...]:
            return torch._utils._rebuild_tensor_v2, (Storage(), 0, shape, stride, False, OrderedDict())

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({"w": Tensor()})
    archive(path, buffer.getvalue(), _0=b"\0" * 4 * stored)


# --- programs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("form", ["new", "old", "bare", "nested"])
def test_no_program_in_a_checkpoint_is_run(tmp_path: Path, number: int, form: str) -> None:
    path, marker = tmp_path / "evil.pt", tmp_path / "marker"
    trap = traps(marker)[number]
    if form == "new":
        torch.save({"state_dict": {"a": torch.zeros(3)}, "optimizer": trap}, path)
    elif form == "old":
        torch.save({"a": torch.zeros(3), "b": trap}, path, _use_new_zipfile_serialization=False)
    elif form == "bare":
        path.write_bytes(pickle.dumps(trap, 2))
    else:
        torch.save([{"a": ({"b": [OrderedDict(c=trap)]},)}], path)
    assert refusal(path).endswith("nothing of it was run.")
    assert not marker.exists()
    assert "antigravity" not in sys.modules


def test_what_a_checkpoint_asks_for_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    torch.save({"a": Trap(os.system, "true")}, path)
    assert f"it asks for {os.name}.system, which weights never do; nothing of it was run." == refusal(path)


def test_an_innocent_whole_network_is_not_built_either(tmp_path: Path) -> None:
    path = tmp_path / "whole.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    assert "it asks for torch.nn.modules.linear.Linear" in refusal(path)


# --- shapes of files ------------------------------------------------------------------------------------------------


def written(data: bytes) -> Write:
    return lambda path: path.write_bytes(data)


def saved(content: object, **options: bool) -> Write:
    return lambda path: torch.save(content, path, **options)


def cyclic(path: Path) -> None:
    content: dict[str, object] = {}
    content["model"] = content["state_dict"] = content
    torch.save(content, path)


def nested(depth: int) -> bytes:
    """The pickle of {"model": {"model": ...}}, without building it here."""
    return b"\x80\x02" + b"}X\x05\x00\x00\x00model" * depth + b"}" + b"s" * depth + b"."


def nested_lists(depth: int) -> bytes:
    return b"\x80\x02" + b"](" * depth + b"]" + b"e" * depth + b"."


def many_names(count: int) -> bytes:
    """The pickle of a dictionary with so many names."""
    names = b"".join(b"X" + struct.pack("<I", 7) + b"%07d" % number + b"N" for number in range(count))
    return b"\x80\x02}(" + names + b"u."


def compressed_archive(path: Path) -> None:
    archive(path, b"\x80\x02}.", zipfile.ZIP_DEFLATED, _0=b"\0" * 1_000_000)


def overlapping_archive(path: Path) -> None:
    """Fifield's bomb: many entries that all lead to the same bytes."""
    archive(path, b"\x80\x02}.", _0=b"\0" * 1000)
    data = path.read_bytes()
    end = data.rindex(b"PK\5\6")
    at = data.rindex(b"PK\1\2", 0, end)
    entry = data[at:end]
    copies = [entry.replace(b"data/0", b"data/%c" % letter) for letter in b"123456789abcdef"]
    directory = data[struct.unpack("<I", data[end + 16 : end + 20])[0] : end] + b"".join(copies)
    count, size = struct.unpack("<HI", data[end + 10 : end + 16])
    tail = struct.pack("<HHI", count + 15, count + 15, size + sum(map(len, copies)))
    path.write_bytes(data[: end - size] + directory + data[end : end + 8] + tail + data[end + 16 :])


def torchscript(path: Path) -> None:
    archive(path, b"\x80\x02}.")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("archive/constants.pkl", b"\x80\x02).")


def document(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("word/document.xml", "<w/>")


def tensors(header: object, data: bytes = b"") -> Write:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return written(struct.pack("<Q", len(text)) + text + data)


def one(dtype: str, shape: list[int], end: int) -> dict[str, object]:
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


DAMAGED = "it is damaged or cut off."
STRANGE = "is no ordinary array of numbers (sparse, quantised or empty)."
FOREIGN = "it is no file of PyTorch, safetensors or Keras."
NAMELESS = "it holds no weights by name."


@pytest.mark.parametrize(
    ("write", "said"),
    [
        pytest.param(written(b""), FOREIGN, id="empty"),
        pytest.param(written(b"weights\n"), FOREIGN, id="text"),
        pytest.param(written(b"\x08\x07\x12\x07pytorch" * 50), FOREIGN, id="onnx"),
        pytest.param(written(b"<!DOCTYPE html><p>Not found</p>" * 9), FOREIGN, id="page"),
        pytest.param(written(b"custom.pt\0" * 200), FOREIGN, id="tar"),
        pytest.param(
            written(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 45\n"),
            "it is only a pointer of Git LFS to the weights; `git lfs pull` fetches them.",
            id="git-lfs",
        ),
        pytest.param(document, "it is an archive, but none of PyTorch's.", id="document"),
        pytest.param(
            torchscript,
            "it is a program of TorchScript; albumclean reads weights and runs no programs of others.",
            id="torchscript",
        ),
        pytest.param(
            compressed_archive, "it is a compressed archive, which PyTorch does not make; unpack it first.", id="bomb"
        ),
        pytest.param(overlapping_archive, "it claims to hold more than its own size.", id="overlapping"),
        pytest.param(written(b"PK\3\4" + b"\0" * 500), DAMAGED, id="zip without end"),
        pytest.param(saved(torch.zeros(3)), NAMELESS, id="tensor"),
        pytest.param(saved([torch.zeros(3)]), NAMELESS, id="list"),
        pytest.param(saved({}), NAMELESS, id="nothing"),
        pytest.param(saved({1: torch.zeros(3)}), NAMELESS, id="numbers for names"),
        pytest.param(cyclic, NAMELESS, id="cycle"),
        pytest.param(lambda path: archive(path, nested(10_000)), NAMELESS, id="deep"),
        pytest.param(lambda path: archive(path, nested_lists(10_000)), NAMELESS, id="deep lists"),
        pytest.param(lambda path: archive(path, many_names(100_000)), NAMELESS, id="many names"),
        pytest.param(saved({"w": torch.eye(3).to_sparse()}), f"its w {STRANGE}", id="sparse"),
        pytest.param(saved({"w": torch.zeros(3, device="meta")}), f"its w {STRANGE}", id="meta"),
        pytest.param(
            lambda path: lying(path, stored=1, shape=(10**12,), stride=(1,), claimed=1),
            DAMAGED,
            id="beyond its storage",
        ),
        pytest.param(
            lambda path: lying(path, stored=1, shape=(9,), stride=(1,), claimed=10**12), DAMAGED, id="claimed storage"
        ),
        pytest.param(
            lambda path: lying(path, stored=1, shape=(10**12,), stride=(0,), claimed=1),
            "it claims to hold more than 2 GB of weights.",
            id="one number, repeated",
        ),
        pytest.param(lambda path: lying(path, stored=1, shape=(2,), stride=(-1,), claimed=2), DAMAGED, id="backwards"),
        pytest.param(written(struct.pack("<Q", 1 << 62) + b"{}"), FOREIGN, id="huge header"),
        pytest.param(tensors(b"{" * 50_000), DAMAGED, id="deep header"),
        pytest.param(tensors(one("F32", [1 << 40], 4 << 40), b"\0" * 8), DAMAGED, id="claims a terabyte"),
        pytest.param(tensors(one("F32", [3], 8), b"\0" * 8), DAMAGED, id="wrong length"),
        pytest.param(tensors(one("Q77", [2], 8), b"\0" * 8), DAMAGED, id="unknown numbers"),
        pytest.param(tensors({}), NAMELESS, id="no tensors"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, write: Write, said: str) -> None:
    path = tmp_path / "file.pt"
    write(path)
    assert said == refusal(path)


@pytest.mark.filterwarnings("ignore:.*quantize")
def test_a_quantised_weight_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    torch.save({"w": torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)}, path)
    assert f"its w {STRANGE}" == refusal(path)


def test_more_names_than_any_network_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MOST_WEIGHTS", 2)
    path = tmp_path / "file.pt"
    torch.save({str(number): torch.zeros(1) for number in range(3)}, path)
    assert "it holds 3 weights, far more than any network." == refusal(path)


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse: takes no room
    assert "it is larger than 2 GB." == refusal(path)


def test_old_files_that_claim_a_huge_storage_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    torch.save({"w": torch.zeros(77)}, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    count = b"K" + bytes([77])
    assert count in data
    path.write_bytes(data.replace(count, b"\x8a\x08" + struct.pack("<q", 1 << 59)))
    assert refusal(path) in {DAMAGED, f"{checkpoints.TOO_MUCH}."}


@pytest.mark.parametrize("name", ["../../evil", "/tmp/albumclean-evil", "file/../../../evil"])
def test_nothing_is_unpacked_to_where_an_archive_says(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    torch.save({"w": torch.zeros(3)}, folder / "file.pt")
    with zipfile.ZipFile(folder / "file.pt", "a") as file:
        file.writestr(name, b"x")
    with suppress(CheckpointUnusable):
        read_weights(folder / "file.pt")
    assert [folder / "file.pt"] == [each for each in tmp_path.rglob("*") if each.is_file()]
    assert not Path("/tmp/albumclean-evil").exists()


# --- places ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    assert "it is no file." == refusal(tmp_path / "pipe.pt")
    assert "it is no file." == refusal(Path("/dev/zero"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets only administrators make links")
def test_links_that_lead_nowhere_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.pt").symlink_to(tmp_path / "b.pt")
    (tmp_path / "b.pt").symlink_to(tmp_path / "a.pt")
    assert "Too many levels of symbolic links." == refusal(tmp_path / "a.pt")
    with pytest.raises(CheckpointUnusable, match="Too many levels"):
        find_weights(tmp_path / "a.pt")
    assert "No such file or directory." == refusal(tmp_path / "c.pt")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.pt").touch(mode=0)
    assert "Permission denied." == refusal(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["configuration.json", "README.md", ".msc", ".mv", "pytorch_model.pt"], "pytorch_model.pt"),
        (["pytorch_model.pt", "other.pth"], "pytorch_model.pt"),
        (["snapshots/master/pytorch_model.pt", "refs/master"], "snapshots/master/pytorch_model.pt"),
        (["weights.hdf5", "notes.txt"], "weights.hdf5"),
    ],
)
def test_the_weights_are_found_in_a_download(tmp_path: Path, files: list[str], found: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert tmp_path / found == find_weights(tmp_path)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "it is a folder without a file of weights in it."),
        (["a.pth", "b.pth"], "it holds 2 files with weights; name one of them, as "),
        (["snapshots/a/pytorch_model.pt", "snapshots/b/pytorch_model.pt"], "it holds 2 files with weights; "),
    ],
)
def test_a_folder_that_could_mean_nothing_or_several_is_refused(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(CheckpointUnusable) as caught:
        find_weights(tmp_path)
    assert said in str(caught.value)


def test_a_name_that_would_steer_the_terminal_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J.pt"
    path.write_bytes(b"")
    with pytest.raises(CheckpointUnusable) as caught:
        read_weights(path)
    assert str(caught.value).isprintable()
    torch.save({"\x1b[2J" * 1000: torch.eye(2).to_sparse()}, path)
    with pytest.raises(CheckpointUnusable) as caught:
        read_weights(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


# --- HDF5 -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Another file, which is none of a checkpoint's business."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["layer/kernel"] = np.ones((2, 2), np.float32)
    (tmp_path / "secret.bin").write_bytes(np.ones(4, np.float32).tobytes())
    return tmp_path / "secret.h5"


def external_link(file: Any, secret: Path) -> None:
    file["layer"] = h5py.ExternalLink(str(secret), "/layer")


def soft_link(file: Any, secret: Path) -> None:
    file["layer"] = h5py.SoftLink("/elsewhere")


@pytest.mark.parametrize("write", [external_link, soft_link])
def test_links_to_other_files_are_not_followed(tmp_path: Path, secret: Path, write: Callable[..., None]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write(file, secret)
    assert NAMELESS == refusal(tmp_path / "a.h5")


def virtual(file: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((2, 2), np.float32)
    layout[:] = h5py.VirtualSource(str(secret), "layer/kernel", shape=(2, 2))
    file.create_virtual_dataset("layer/kernel", layout)


def external(file: Any, secret: Path) -> None:
    file.create_dataset("layer/kernel", (4,), np.float32, external=[(str(secret.with_suffix(".bin")), 0, 16)])


@pytest.mark.parametrize("write", [virtual, external])
def test_arrays_in_other_files_are_not_read(tmp_path: Path, secret: Path, write: Callable[..., None]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write(file, secret)
    assert "its layer/kernel lies in other files, which albumclean does not read." == refusal(tmp_path / "a.h5")


def test_an_array_that_needs_a_program_to_unpack_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("layer/kernel", (64, 64), np.float32, compression="lzf", chunks=(8, 8))
    assert "its layer/kernel is packed in a way that Keras does not use." == refusal(tmp_path / "a.h5")


def test_an_array_that_claims_a_terabyte_takes_no_memory(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("layer/kernel", (1 << 38,), np.float32, chunks=(1024,))
    assert "it unpacks to more than 2 GB." == refusal(tmp_path / "a.h5")


@pytest.mark.timeout(20)
def test_groups_without_end_are_not_walked_through(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file
        for _ in range(2000):
            group = group.create_group("g")
        group["kernel"] = np.ones(3, np.float32)
    assert "its arrays lie deeper than those of any network." == refusal(tmp_path / "a.h5")


def test_groups_that_hold_themselves_and_doubles_are_no_trouble(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["conv/kernel:0"] = np.arange(4, dtype=">f4")
        file["conv/itself"] = file["conv"]
        file["conv/names"] = np.array([b"a"])
    assert [0, 1, 2, 3] == read_weights(tmp_path / "a.h5")["conv/kernel"].tolist()
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["model/conv/kernel:0"] = np.arange(4)
        file["copy/conv/kernel:0"] = np.arange(4.0)
    assert "it holds conv/kernel twice." == refusal(tmp_path / "a.h5")


# --- damage ---------------------------------------------------------------------------------------------------------


def good(path: Path, form: str) -> bytes:
    weights = {"conv.weight": torch.arange(60.0).reshape(3, 4, 5), "conv.bias": torch.arange(7.0)}
    if form == "hdf5":
        with h5py.File(path, "w") as file:
            for name, value in weights.items():
                file[name.replace(".", "/")] = value.numpy()
    elif form == "safetensors":
        from safetensors.torch import save_file

        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=form == "new")
    assert 2 == len(read_weights(path))
    return path.read_bytes()


@pytest.mark.parametrize("form", ["new", "old", "safetensors", "hdf5"])
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, form: str) -> None:
    path = tmp_path / "file"
    data = good(path, form)
    places = random.Random(7).sample(range(len(data)), min(200, len(data)))
    for place in places:
        path.write_bytes(data[:place])
        refusal(path)


@pytest.mark.parametrize("form", ["new", "old", "safetensors"])
def test_a_flipped_bit_gives_a_refusal_or_weights_and_nothing_else(tmp_path: Path, form: str) -> None:
    path = tmp_path / "file"
    data = good(path, form)
    draw = random.Random(8)
    for _ in range(200):
        flipped = bytearray(data)
        flipped[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        try:
            found = read_weights(path)
        except CheckpointUnusable as error:
            assert str(error).isprintable()
        else:
            assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())


def test_a_weight_that_changed_on_its_way_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    data = good(path, "new")
    number = struct.pack("<f", 42.0)
    assert 1 == data.count(number)
    path.write_bytes(data.replace(number, struct.pack("<f", 43.0)))
    assert "it was damaged on its way: a checksum in it is wrong; fetch it again." == refusal(path)


# --- what trainers wrap around --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model", "net", "params", "params_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "model.", "module.model."])
def test_weights_are_found_in_what_trainers_wrap_around_them(tmp_path: Path, wrapper: str, prefix: str) -> None:
    path = tmp_path / "file.pth"
    torch.save({wrapper: OrderedDict({f"{prefix}a": torch.ones(2)}), "epoch": 3, "optimizer": {"lr": 0.1}}, path)
    assert [1, 1] == read_weights(path)["a"].tolist()


# --- a process of its own -------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_file_that_crashes_its_reader_does_not_take_the_program_with_it(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    path.touch()
    with pytest.raises(CheckpointUnusable, match=r"reading it crashed its worker \(SIGSEGV\); nothing was stored\."):
        inspect(path, task=crash)


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a limit to the memory of a process")
def test_a_file_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    path.touch()
    with pytest.raises(CheckpointUnusable, match=r"it needs more memory than a file of its size should\."):
        inspect(path, task=grow)
