"""NIMA as Keras' own graph, and how far our module is from it on a published file.

    python -m benchmarks.nima weights_mobilenet_aesthetic_0.07.hdf5 [--photos FOLDER] [--count 50] [--check]

The file is one of idealo/image-quality-assessment (Apache-2.0). Keras builds the graph of the version that wrote the
file, reads it by itself, and judges each photo as idealo's `predict` does; albumclean reads the file by its own reader
and judges the same photos. Prints the largest differences. Without photos, pictures are made. Needs `albumclean[dev]`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float64]
Graph = Any  # a keras.Model; Keras has no types

SIDE = 224
BAR = 1e-4
_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVING = (2, 4, 6, 12)


def graph_of_2_1_6() -> Graph:
    """idealo's `Nima.build` on the MobileNet of Keras 2.1.6: a pixel of zeros on all sides before every 3x3 layer."""
    from keras import Input, Model, layers

    def convolution(x: Any, layer: Any, name: str) -> Any:  # noqa: ANN401 - Keras has no types
        x = layers.BatchNormalization(axis=-1, name=f"{name}_bn")(layer(x))
        return layers.ReLU(6.0, name=f"{name}_relu")(x)

    start = Input((SIDE, SIDE, 3))
    x = layers.ZeroPadding2D((1, 1), name="conv1_pad")(start)
    x = convolution(x, layers.Conv2D(32, 3, strides=2, padding="valid", use_bias=False, name="conv1"), "conv1")
    for number, width in enumerate(_WIDTHS, 1):
        x = layers.ZeroPadding2D((1, 1), name=f"conv_pad_{number}")(x)
        strides = 2 if number in _HALVING else 1
        name = f"conv_dw_{number}"
        x = convolution(x, layers.DepthwiseConv2D(3, strides=strides, padding="valid", use_bias=False, name=name), name)
        name = f"conv_pw_{number}"
        x = convolution(x, layers.Conv2D(width, 1, padding="same", use_bias=False, name=name), name)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0)(x)
    return Model(start, layers.Dense(10, activation="softmax", name="dense_1")(x))


def graph_of_today() -> Graph:
    """The same on the MobileNet of the Keras that is installed."""
    from keras import Model, layers
    from keras.applications import MobileNet

    base = MobileNet(input_shape=(SIDE, SIDE, 3), weights=None, include_top=False, pooling="avg")
    x = layers.Dropout(0)(base.output)
    return Model(base.inputs, layers.Dense(10, activation="softmax", name="dense_1")(x))


def shares_by_keras(graph: Graph, paths: list[Path]) -> Floats:
    """The shares of the votes (N, 10), photo by photo as idealo's `TestDataGenerator` feeds them."""
    from keras.applications.mobilenet import preprocess_input
    from keras.utils import load_img

    batch = np.empty((len(paths), SIDE, SIDE, 3))
    for place, path in enumerate(paths):
        batch[place] = np.asarray(load_img(path, target_size=(SIDE, SIDE)))
    return np.asarray(graph.predict(preprocess_input(batch), batch_size=8, verbose=0), dtype=np.float64)


def moments_by_idealo(shares: Floats) -> Floats:
    """Mean and standard deviation (N, 2), as `calc_mean_score` of idealo and the paper have them."""
    votes = np.arange(1, 11)
    shares = shares / shares.sum(axis=1, keepdims=True)
    mean = (shares * votes).sum(axis=1)
    return np.stack((mean, np.sqrt((shares * (votes - mean[:, None]) ** 2).sum(axis=1))), axis=1)


def moments_by_albumclean(file: Path, paths: list[Path]) -> Floats:
    """The same by albumclean: its reader, its recognition, its view of a photo, its network."""
    import torch

    from albumclean.media.view import network_view
    from albumclean.scoring.checkpoints import read_weights
    from albumclean.scoring.nets.filled import filled
    from albumclean.scoring.variants import recognised

    known = recognised(read_weights(file))
    network, seen = filled(known.variant.network, known.state), known.variant.input
    values = []
    for path in paths:
        with Image.open(path) as image:
            whole = torch.from_numpy(np.stack([network_view(image.convert("RGB"), seen).whole]))
        with torch.inference_mode():
            values.append(network(whole, whole)[0].numpy())
    return np.concatenate(values).astype(np.float64)


def pads_all_round(file: Path) -> bool:
    """Whether the Keras that wrote the file padded on all sides: only then has the first block a layer for it."""
    import h5py

    with h5py.File(file, "r") as content:
        names = content.get("model_weights", content).attrs["layer_names"]
        return any(name in {"conv_pad_1", b"conv_pad_1"} for name in names)


def made_pictures(folder: Path, count: int, seed: int = 0) -> Iterator[Path]:
    """PNGs of all shapes with coarse and fine content, written one by one."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        width, height = (int(side) for side in rng.integers(100, 900, 2))
        coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
        grain = rng.integers(-25, 26, smooth.shape)
        path = folder / f"{number:03}.png"
        Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8)).save(path)
        yield path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--photos", type=Path, help="a folder with JPEGs; the first of them by name are judged")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--work", type=Path, default=Path("nima-pictures"), help="where pictures are made")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 if anything differs by more than {BAR}")
    arguments = parser.parse_args()
    if arguments.photos:
        paths = list(islice(sorted(arguments.photos.rglob("*.jpg")), arguments.count))
    else:
        arguments.work.mkdir(parents=True, exist_ok=True)
        paths = list(made_pictures(arguments.work, arguments.count))
    os.environ.setdefault("KERAS_BACKEND", "torch")

    all_round = pads_all_round(arguments.file)
    graph = graph_of_2_1_6() if all_round else graph_of_today()
    graph.load_weights(arguments.file)
    theirs = moments_by_idealo(shares_by_keras(graph, paths))
    ours = moments_by_albumclean(arguments.file, paths)
    apart = np.abs(theirs - ours).max(axis=0)
    print(f"{len(paths)} photos; the graph of {'Keras 2.1.6' if all_round else 'the Keras that is installed'}")
    print(f"mean votes of {theirs[:, 0].min():.3f} to {theirs[:, 0].max():.3f}")
    print(f"largest difference: mean {apart[0]:.1e}, standard deviation {apart[1]:.1e} (bar {BAR:.0e})")
    if all_round:
        other = graph_of_today()
        other.load_weights(arguments.file)
        shifted = np.abs(moments_by_idealo(shares_by_keras(other, paths)) - theirs)
        print(f"the same weights in today's Keras, which pads otherwise: {shifted[:, 0].max():.2f} apart, "
              f"{shifted[:, 0].mean():.2f} on average")  # fmt: skip
    sys.exit(bool(arguments.check and not apart.max() <= BAR))


if __name__ == "__main__":
    main()
