# SPDX-License-Identifier: BSD-2-Clause
"""Fine-tunes a network in the engine's own integer arithmetic, and runs that arithmetic.

Forward, every value is the integer that the engine computes (design page, "Neural network
arithmetic"); float32 holds them exactly, since |accumulator| < 2**24 is asserted. Backward,
rounding and shifts count as the identity (straight-through), the clip to 0..127 as a clip.
"""

import json
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from . import input_code

MOST = 127
CLIP_PENALTY = 10.0


@dataclass
class Layer:
    weight: np.ndarray  # [outputs, inputs] integers -127..127
    bias: np.ndarray  # [outputs] integers, without the rounding constant
    shift: np.ndarray  # [outputs] 0..31; None for the last layer


def quantise(layers, codes):
    """Integer layers of a float network: each hidden unit's largest value becomes 127.

    layers: [(weight, bias)] on codes / 127. Returns [Layer] with real-valued weights and biases
    (not rounded yet, for fine-tuning) and the factor from integer to float logits.
    """
    found, scale = [], np.full(layers[0][0].shape[1], 1 / MOST)  # float value of one unit of input
    x = codes / MOST
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
        most = x.max(axis=0)
        most = np.maximum(most, most.max() / 64)  # a unit that is hardly ever on
        real = weight * scale  # on the integers below
        largest = np.maximum(np.abs(real).max(axis=1), 1e-9)
        # acc = gain * z and 127 = gain * most / 2**shift, with every weight within 127
        shift = np.clip(np.floor(np.log2(most / largest)), 0, 20).astype(np.int64)
        gain = MOST * 2.0**shift / most
        found.append(Layer(real * gain[:, None], bias * gain, shift))
        scale = most / MOST
    weight, bias = layers[-1]
    real = weight * scale
    gain = MOST / np.abs(real).max()
    found.append(Layer(real * gain, bias * gain, None))
    return found, 1 / gain


def rounded(layers):
    return [Layer(np.clip(np.rint(l.weight), -MOST, MOST).astype(np.int64),
                  np.rint(l.bias).astype(np.int64), l.shift) for l in layers]


def logits(layers, codes):
    """Integer logits of integer layers, int64: the engine's reference, in numpy."""
    x = codes.astype(np.int64)
    for layer in layers:
        accumulator = x @ layer.weight.T + layer.bias
        if layer.shift is None:
            return accumulator
        half = np.where(layer.shift > 0, 1 << np.maximum(layer.shift - 1, 0), 0)
        x = np.minimum(np.maximum(accumulator + half, 0) >> layer.shift, MOST)


class Round(torch.autograd.Function):
    @staticmethod
    def forward(_, value):
        return torch.round(value)

    @staticmethod
    def backward(_, gradient):
        return gradient


class Requantise(torch.autograd.Function):
    """min(max(acc + half, 0) >> shift, 127); the gradient passes where nothing is clipped."""

    @staticmethod
    def forward(context, accumulator, unit, half):
        value = torch.floor((accumulator + half) / unit)
        context.save_for_backward((value >= 0) & (value <= MOST), unit)
        return value.clamp(0, MOST)

    @staticmethod
    def backward(context, gradient):
        inside, unit = context.saved_tensors
        return gradient * inside / unit, None, None


class Network(nn.Module):
    """Parameters are weights / 127 and biases / 127**2, so that one rate suits all."""

    def __init__(self, layers, factor):
        super().__init__()
        self.weights = nn.ParameterList(
            nn.Parameter(torch.tensor(l.weight / MOST, dtype=torch.float32)) for l in layers)
        self.biases = nn.ParameterList(
            nn.Parameter(torch.tensor(l.bias / MOST**2, dtype=torch.float32)) for l in layers)
        self.shifts = [l.shift for l in layers]
        self.units = [torch.tensor(2.0**l.shift, dtype=torch.float32) for l in layers[:-1]]
        self.halves = [torch.tensor(np.where(l.shift > 0, 2.0 ** (l.shift - 1), 0),
                                    dtype=torch.float32) for l in layers[:-1]]
        self.factor = factor
        self.excess = 0.0  # mean square by which hidden units passed 127 in the last forward

    def integer(self, i):
        return (Round.apply(self.weights[i] * MOST).clamp(-MOST, MOST),
                Round.apply(self.biases[i] * MOST**2))

    def forward(self, x):
        """x: codes 0..127 as float32; float logits."""
        self.excess = 0.0
        for i, (unit, half) in enumerate(zip(self.units, self.halves)):
            accumulator = nn.functional.linear(x, *self.integer(i))
            self.excess = self.excess + (accumulator / unit / MOST - 1).clamp(min=0).square().mean()
            x = Requantise.apply(accumulator, unit, half)
        return nn.functional.linear(x, *self.integer(len(self.units))) * self.factor

    def layers(self):
        found = []
        for i, shift in enumerate(self.shifts):
            weight, bias = (p.detach().numpy().astype(np.int64) for p in self.integer(i))
            found.append(Layer(weight, bias, shift))
            bound = np.abs(weight).sum(axis=1) * MOST + np.abs(bias)
            assert bound.max() < 2**24, "float32 no longer holds every integer"
        return found


def tune(layers, factor, codes, y, weights, rng, epochs, rate=1e-3, batch=2048, progress=range):
    """Fine-tunes real-valued layers (see quantise) on weighted cross-entropy; integer layers.

    Passing 127 is penalised: a float runtime that reads the exported network doesn't clip there,
    and should compute the same. No epochs: the layers as they are, rounded.
    """
    if epochs == 0:
        return rounded(layers)
    model = Network(layers, factor)
    x, y = torch.from_numpy(codes.astype(np.float32)), torch.from_numpy(y)
    w = torch.from_numpy(weights.astype(np.float32))
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    steps = epochs * ((len(y) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in progress(epochs):
        order = torch.from_numpy(rng.permutation(len(y)))
        for start in range(0, len(y), batch):
            at = order[start : start + batch]
            loss = nn.functional.cross_entropy(model(x[at]), y[at], reduction="none")
            optimiser.zero_grad(set_to_none=True)
            ((loss * w[at]).mean() + CLIP_PENALTY * model.excess).backward()
            optimiser.step()
            schedule.step()
    return model.layers()


def to_float(layers):
    """The float layers and the text of `afxdp.shifts`, by docs/onnx.md: taken over exactly."""
    found = []
    for i, layer in enumerate(layers):
        unit = 1.0 if layer.shift is None else 2.0 ** layer.shift[:, None]
        weight = layer.weight * (MOST if i == 0 else 1) / unit
        bias = layer.bias / (1.0 if layer.shift is None else 2.0**layer.shift)
        found.append((weight.astype(np.float32), bias.astype(np.float32)))
    return found, json.dumps([layer.shift.tolist() for layer in layers[:-1]])


def verdicts(layers, tables, x):
    """Classes of raw integers; the lowest class on ties."""
    return logits(layers, input_code.apply(tables, x)).argmax(axis=1)
