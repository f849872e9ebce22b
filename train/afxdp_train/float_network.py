# SPDX-License-Identifier: BSD-2-Clause
"""The float network: fully connected layers with ReLU on codes / 127."""

import numpy as np
import torch
from torch import nn


def deterministic(seed):
    """One thread and fixed seeds: two runs on one machine give the same bits."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def network(widths):
    """widths: inputs, hidden layers, classes."""
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers += [nn.Linear(inputs, outputs)] + [nn.ReLU()] * (i < len(widths) - 2)
    return nn.Sequential(*layers)


def fit(model, codes, y, weights, rng, epochs, rate, batch=1024, decay=0.0, progress=range):
    """Minimises the weighted cross-entropy with AdamW under a one-cycle rate; decay is of weights
    and biases, in each step by rate * decay of themselves (Loshchilov and Hutter 2019)."""
    x = torch.from_numpy(codes.astype(np.float32) / 127)
    y, w = torch.from_numpy(y), torch.from_numpy(weights.astype(np.float32))
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    steps = epochs * ((len(y) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in progress(epochs):
        order = torch.from_numpy(rng.permutation(len(y)))
        for start in range(0, len(y), batch):
            at = order[start : start + batch]
            loss = nn.functional.cross_entropy(model(x[at]), y[at], reduction="none")
            optimiser.zero_grad(set_to_none=True)
            (loss * w[at]).mean().backward()
            optimiser.step()
            schedule.step()
    return model


def logits(layers, codes):
    """Logits of float layers, [N, classes] float32."""
    x = codes.astype(np.float32) / np.float32(127)
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    return x @ layers[-1][0].T + layers[-1][1]


def layers_of(model):
    """[(weights [outputs, inputs], bias [outputs])] in float32."""
    return [(m.weight.detach().numpy(), m.bias.detach().numpy())
            for m in model if isinstance(m, nn.Linear)]
