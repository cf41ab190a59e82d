"""What is settled last of the judge: what faults cost, the line to people's scores, and how sure they are."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from albumclean.scoring.nets.judge import FAULTS
from models.settling import LEAST_WEIGHT, fault_weights, straightened, train_spread


@given(st.floats(0.2, 3), st.floats(-1, 1), st.integers(0, 1000))
def test_the_line_to_peoples_scores_is_found(slope: float, offset: float, seed: int) -> None:
    scores = torch.rand(50, generator=torch.Generator().manual_seed(seed))

    assert straightened(scores, slope * scores + offset) == pytest.approx((slope, offset), abs=1e-3)


@given(st.integers(0, 1000))
def test_every_fault_costs_something_even_if_people_do_not_mind(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    scores, severity = torch.rand(80, generator=draw), torch.rand(80, len(FAULTS), generator=draw)
    pleased = scores + 0.2 * severity.sum(1)

    assert fault_weights(scores, severity, pleased).tolist() == pytest.approx([LEAST_WEIGHT] * len(FAULTS))


def test_what_a_fault_costs_people_is_found() -> None:
    draw = torch.Generator().manual_seed(3)
    scores, severity = torch.rand(4000, generator=draw), torch.rand(4000, len(FAULTS), generator=draw)
    costs = torch.tensor([0.3, 0.1, 0.2, 0.4, 0.15, 0.25])

    assert fault_weights(scores, severity, scores - severity @ costs).tolist() == pytest.approx(
        costs.tolist(), abs=0.01
    )


def test_the_deviation_is_that_of_the_errors_where_nothing_tells_more() -> None:
    draw = torch.Generator().manual_seed(4)
    mos = torch.rand(2000, generator=draw)
    scores = mos + 0.07 * torch.randn(2000, generator=draw)
    layer = train_spread(scores, torch.randn(2000, 8, generator=draw), mos)

    assert float(layer.bias.exp().detach()) == pytest.approx(0.07, rel=0.05)
    assert float(layer.weight.abs().max().detach()) < 0.02
