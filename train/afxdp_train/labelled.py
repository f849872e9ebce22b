# SPDX-License-Identifier: BSD-2-Clause
"""Reads labelled features.csv files of a user's own, which may be anything."""

import csv
import os
import re
from array import array
from operator import itemgetter

import numpy as np

from . import captured
from .refusal import Refused

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")  # of a class, in a .q8 file
RESERVED = ("other", "malformed", "unsure")
OPTIONAL = ("index", "flow", "packet")
CLASSES_MAX = 64
LEAST_MEAN_LENGTH = 20 * 256  # no IP packet is shorter than its header


def check_name(name, where):
    if name in RESERVED or not NAME.fullmatch(name):
        raise Refused(f"{where}: '{name:.40}' can't be a class: 1 to 30 of a-z, 0-9, '_' and '-', "
                      f"and none of {', '.join(RESERVED)}")


def features_of(header):
    """The features of the set that a header is of, in order: 2 where it names one of that set."""
    extra = set(captured.HOST_FEATURES) - set(captured.FEATURES)
    return captured.HOST_FEATURES if extra & set(header) else captured.FEATURES


def columns(path, header):
    """Where the features and the label stand."""
    features = features_of(header)
    for name in header:
        if name not in (*captured.HOST_FEATURES, "label", *OPTIONAL):
            raise Refused(f"{path}: column '{name:.40}' is unknown: train on what afxdp-features "
                          "writes")
        if header.count(name) > 1:
            raise Refused(f"{path}: column '{name}' stands there twice")
    for name in (*features, "label"):
        if name not in header:
            raise Refused(f"{path}: column '{name}' is missing: train on what afxdp-features writes")
    return [header.index(name) for name in features], header.index("label")


def read_rows(path, lines, values, labels):
    """Adds the rows that have a label: their integers to `values`, a name to `labels`. Returns how
    many integers a row has."""
    reader = csv.reader(lines, strict=True)
    header = next(reader, None)
    if header is None:
        raise Refused(f"{path} is empty")
    features, label = columns(path, header)
    known, integers = set(), itemgetter(*features)
    for row in reader:
        if len(row) != len(header):
            raise Refused(f"{path}: line {reader.line_num} has {len(row)} fields, the header has "
                          f"{len(header)}")
        name = row[label]
        if not name:
            continue
        if name not in known:
            check_name(name, f"{path}: line {reader.line_num}")
            known.add(name)
        try:
            values.extend(map(natural, integers(row)))
        except (OverflowError, ValueError) as error:
            raise Refused(f"{path}: line {reader.line_num}: not {len(features)} whole numbers "
                          "below 2^32") from error
        labels.append(name)
    return len(features)


def natural(text):
    if text.isdigit() and text.isascii():
        return int(text)
    raise ValueError


def counted(lines, progress):
    for line in lines:
        progress(len(line))
        yield line


def read(paths, progress=lambda size: None):
    """Integers, [N, 12] or [N, 28], and the labels of the rows that have one, of all files
    together, which must be of one feature set.

    progress: told the number of characters read, bit by bit.
    """
    values, labels, widths = array("I"), [], {}
    for path in paths:
        before = len(labels)
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                width = read_rows(path, counted(file, progress), values, labels)
        except OSError as error:
            raise Refused(f"cannot read {path}: {os.strerror(error.errno)}") from error
        except (csv.Error, UnicodeDecodeError) as error:
            raise Refused(f"{path} is no CSV file: {error}") from error
        if len(labels) == before:
            raise Refused(f"{path}: no row has a label: afxdp-features --label or --labels gives "
                          "them")
        widths.setdefault(width, path)
        if len(widths) > 1:
            raise Refused(f"{path} has {width} features a row, {paths[0]} another number: write "
                          "both with the same afxdp-features --set")
    x = np.frombuffer(values, np.uint32).reshape(-1, width).astype(np.int64)
    if x[:, captured.FEATURES.index("mean_length")].max() < LEAST_MEAN_LENGTH:
        raise Refused(f"{', '.join(paths)}: these are codes, not integers: train on what "
                      "afxdp-features writes without --code")
    return x, labels


def classes_of(labels, wanted=None):
    """The names in the order of `wanted`, else benign first and the others by name."""
    found = set(labels)
    if wanted is None:
        names = sorted(found, key=lambda name: (name != "benign", name))
    else:
        names = wanted.split(",")
        for name in names:
            check_name(name, "--classes")
        if len(set(names)) < len(names):
            raise Refused(f"--classes {wanted}: a class stands there twice")
        for name in names:
            if name not in found:
                raise Refused(f"--classes: no row has the label '{name:.40}'; there "
                              f"are {', '.join(sorted(found))}")
        number(labels, names, "--classes")
    if len(names) < 2:
        raise Refused(f"every label is '{names[0]}': a model tells classes apart, at least two")
    if len(names) > CLASSES_MAX:
        raise Refused(f"{len(names)} different labels: a model has at most {CLASSES_MAX} classes")
    return names


def number(labels, classes, what):
    """Class numbers of labels, which must all be classes."""
    place = {name: i for i, name in enumerate(classes)}
    for label in labels:
        if label not in place:
            raise Refused(f"{what}: the label '{label:.40}' is none of the classes "
                          f"{', '.join(classes)}")
    return np.array([place[label] for label in labels], np.int64)
