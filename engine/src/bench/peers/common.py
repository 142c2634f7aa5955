"""What the peers of `tollgate bench` share; each is this file with its own behind it, run on one thread.

stdin: photos, each behind its length (u32, little endian). argv: seconds, then the detector's file, the reader's file and
its decode rule. stdout: {"name", "cases": [{"about", "ms"}]}, and "texts", one a photo, of a peer that reads plates.
"""
import json
import struct
import sys
import time

LONG, MEAN = 640, (104, 117, 123)


def photos():
    found = []
    while header := sys.stdin.buffer.read(4):
        found.append(sys.stdin.buffer.read(struct.unpack("<I", header)[0]))
    return found


def measure(files, step, seconds):
    step(files[0])
    times, began = [], time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        for file in files:
            start = time.perf_counter()
            step(file)
            times.append((time.perf_counter() - start) * 1e3)
    return times


def answer(name, files, steps, **more):
    if not files:
        sys.exit("it can decode none of the photos")
    seconds = float(sys.argv[1]) / len(steps)
    cases = [{"about": about, "ms": measure(files, step, seconds)} for about, step in steps]
    print(json.dumps({"name": name, "cases": cases, **more}))


