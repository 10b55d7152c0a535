"""Trains the LSTM predictor as the paper does, once per seed, and writes weights/lstm-SEED.json; and
weights/ar12.json, the least squares of the same samples, to compare it with.

    pip install -r experiments/train/requirements.txt
    python experiments/train/lstm.py TRACE [--seeds 1 2 3 4 5] [--out weights]

TRACE is the 22-day Twitter trace, plain (as `ipa trace fetch` leaves it) or packed with bzip2. A sample every 10 s:
the maxima of the twelve 10-s chunks of two minutes, and as target the greatest rate of the 20 s that follow. Rates are
divided by 8 and rounded down, zeros dropped, and the samples of the first 14 days' worth of seconds train. With the
same versions on the same machine the numbers come out the same.
"""

import argparse
import bz2
import json
import os
import pathlib
import platform

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np

DAY = 86_400
DAYS, TRAINED = 21, 14
DAMPING = 8
HISTORY, CHUNK, HORIZON = 120, 10, 20
UNITS, EPOCHS, BATCH = 25, 30, 64


def read_rates(path):
    packed = pathlib.Path(path).read_bytes()
    text = bz2.decompress(packed) if packed[:3] == b"BZh" else packed
    return np.array(text.split(), dtype=np.int64)


def samples(rates):
    """Inputs (n, 12, 1) and targets (n, 1)."""
    starts = np.arange(0, len(rates) - HISTORY - HORIZON + 1, CHUNK)
    seconds = np.lib.stride_tricks.sliding_window_view(rates, HISTORY + HORIZON)[starts]
    chunks = seconds[:, :HISTORY].reshape(len(starts), HISTORY // CHUNK, CHUNK).max(axis=2)
    return chunks[..., None].astype(np.float32), seconds[:, HISTORY:].max(axis=1, keepdims=True).astype(np.float32)


def smape(predicted, actual):
    return float(np.mean(200 * np.abs(predicted - actual) / (np.abs(predicted) + np.abs(actual))))


def with_constant(inputs):
    """A row per sample, the constant last."""
    return np.column_stack([inputs[..., 0].astype(np.float64), np.ones(len(inputs))])


def train(seed, inputs, targets):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((HISTORY // CHUNK, 1)),
            keras.layers.LSTM(UNITS, activation="relu", kernel_regularizer=keras.regularizers.L1(1e-5)),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    history = model.fit(inputs, targets, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    return model, history.history["loss"]


def shortest(array):
    """Nested lists of the shortest decimals that are exact in single precision."""
    if array.ndim == 0:
        return float(str(array[()]))
    return [shortest(row) for row in array]


def weights(kernel, recurrent, bias, dense, dense_bias):
    """Keras holds the gates side by side, in this order."""
    gates = {"inputGate": 0, "forgetGate": 1, "candidate": 2, "outputGate": 3}

    def added(column):
        return {
            "input": shortest(kernel[0, column]),
            "recurrent": shortest(recurrent[:, column]),
            "bias": shortest(bias[column]),
        }

    cells = [
        {gate: added(at * UNITS + cell) for gate, at in gates.items()} | {"weight": shortest(dense[cell, 0])}
        for cell in range(UNITS)
    ]
    return {"cells": cells, "bias": shortest(dense_bias[0])}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print("Written:", path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("trace")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("weights"))
    arguments.add_argument("--golden", type=pathlib.Path, help="also write what the first seed says, for a test")
    flags = arguments.parse_args()

    rates = read_rates(flags.trace)[: DAYS * DAY] // DAMPING
    seconds = np.flatnonzero(rates)
    split = int(seconds[TRAINED * DAY])
    print(f"{len(seconds)} seconds are not zero; those before second {split} train")
    inputs, targets = samples(rates[seconds[: TRAINED * DAY]])
    held_inputs, held_targets = samples(rates[seconds[TRAINED * DAY :]])

    def errors(predict):
        return {
            "trained": smape(predict(inputs), targets),
            "heldOut": smape(predict(held_inputs), held_targets),
        }

    shares, *_ = np.linalg.lstsq(with_constant(inputs), targets, rcond=None)
    error = errors(lambda of: with_constant(of) @ shares)
    print("AR(12): SMAPE", error)
    *chunks, constant = shares[:, 0].tolist()
    write(flags.out / "ar12.json", {"trainedBefore": split, "smape": error, "shares": chunks, "constant": constant})
    for seed in flags.seeds:
        model, loss = train(seed, inputs, targets)
        error = errors(lambda of: model.predict(of, batch_size=4096, verbose=0))
        print(f"seed {seed}: loss {loss[0]:.4f} to {loss[-1]:.4f}, SMAPE {error}", flush=True)
        content = {
            "seed": seed,
            "trainer": f"keras {keras.__version__}, jax {jax.__version__}, python {platform.python_version()}",
            "trainedBefore": split,
            "loss": loss[-1],
            "smape": error,
            **weights(*model.get_weights()),
        }
        write(flags.out / f"lstm-{seed}.json", content)
        if flags.golden and seed == flags.seeds[0]:
            # Loads as they occur, and far above: there the activation, which knows no bound, tells.
            chosen = np.concatenate([held_inputs[::3000], 10 * held_inputs[::9000]])
            outputs = model.predict(chosen, verbose=0)[:, 0]
            golden = {"seed": seed, "inputs": chosen[..., 0].astype(int).tolist(), "outputs": shortest(outputs)}
            write(flags.golden, golden)


main()
