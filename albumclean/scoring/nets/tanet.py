"""TANet as trained on TAD66K: how much people like a picture, given what it shows.

Three branches: what the scene is (a ResNet-18 for places, which makes weights for a small network of its own), how its
colours spread (the likeness of 144 places to each other), and a MobileNetV2. The names of the parameters are the
original's, so that its file loads as it is.

The original's scene branch puts each picture's features through the weights of every picture in the batch, and takes a
softmax over those: what it says of a picture depends on its neighbours. A picture by itself has none; the softmax of
one number is 1, whatever the branch says. Its authors have measured that too: SRCC on TAD66K is 0.5069 with one picture
at a time, 0.5066 with 32, and 0.5069 with 64 (issue 8 of their repository). Here every picture is by itself, in batches
too; therefore the scene branch is loaded, as it is part of the file, but has no need to run.

Source: He et al., "Rethinking Image Aesthetics Assessment", IJCAI 2022;
https://github.com/woshidandan/TANet-image-aesthetics-and-quality-assessment (Apache-2.0), `code/TAD66K`.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from albumclean.scoring.nets import mobilenet_v2
from albumclean.scoring.nets.pixels import imagenet

_SCENES: Final = 365
_SCENE_FEATURES: Final = 100
_PLACES: Final = 12  # in a row and in a column
_SAYS: Final = 10  # values of each branch


class TANet(nn.Module):
    """Pictures -> how much people like them."""

    def __init__(self) -> None:
        super().__init__()
        self.res365_last = resnet18(num_classes=_SCENES)
        self.hypernet = _WeightsOfScene()
        self.tygertnet = _SceneNetwork()
        self.mobileNet = _Contents()
        colours = nn.Linear(_PLACES**4, _SAYS)
        self.head_rgb = nn.Sequential(nn.ReLU(), nn.Identity(), colours, nn.Softmax(dim=1))
        self.head = nn.Sequential(nn.ReLU(), nn.Identity(), nn.Linear(3 * _SAYS, 1), nn.Sigmoid())

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> how much people like each by itself (N, 1) in [0, 1], float32.

        No embedding: (N, 0). `patches` are not used.
        """
        pictures = imagenet(whole)
        contents = self.mobileNet(pictures)
        scene = torch.ones_like(contents)  # the softmax of one number, ten times: see above
        colours = self.head_rgb(_likeness(pictures).flatten(1))
        values: Tensor = self.head(torch.cat((contents, scene, colours), dim=1)).float()
        return values, values.new_empty((len(values), 0))


class _Contents(nn.Module):
    """What the picture shows, by a MobileNetV2: ten values."""

    def __init__(self) -> None:
        super().__init__()
        self.base_model = nn.Sequential(mobilenet_v2.features())
        self.head = nn.Sequential(nn.ReLU(), nn.Identity(), nn.Linear(mobilenet_v2.FEATURES, _SAYS))

    def forward(self, pictures: Tensor) -> Tensor:
        out: Tensor = self.head(self.base_model(pictures).mean(dim=(2, 3)))
        return out


class _WeightsOfScene(nn.Module):
    """The parameters of what makes the scene network's last layer. Not run."""

    def __init__(self) -> None:
        super().__init__()
        self.last_out_w = nn.Linear(_SCENES, _SCENE_FEATURES)
        self.last_out_b = nn.Linear(_SCENES, 1)


class _SceneNetwork(nn.Module):
    """The parameters of the rest of the scene network. Not run."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(_SCENES, _SCENE_FEATURES)
        self.bn1 = nn.BatchNorm1d(_SCENE_FEATURES)
        self.relu1 = nn.PReLU()
        self.relu7 = nn.PReLU()


def _likeness(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 144, 144): the cosine of the mean colours of any two of 12 x 12 places."""
    colours = functional.adaptive_avg_pool2d(pictures, (_PLACES, _PLACES)).flatten(2)  # (N, 3, 144)
    lengths = colours.norm(dim=1)
    products = lengths[:, :, None] * lengths[:, None, :]
    likeness: Tensor = colours.transpose(1, 2) @ colours / products.clamp(min=1e-8)
    return likeness
