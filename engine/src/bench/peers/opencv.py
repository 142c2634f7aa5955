"""OpenCV's imdecode and the detector's letterbox, on one thread, for `tollgate bench`.

stdin: photos, each behind its length (u32, little endian). argv: seconds. stdout: {"name", "cases": [{"about", "ms"}]}.
"""
import json
import struct
import sys
import time

import cv2
import numpy as np

LONG, MEAN = 640, np.array([104, 117, 123], np.float32)


def photos():
    while header := sys.stdin.buffer.read(4):
        yield np.frombuffer(sys.stdin.buffer.read(struct.unpack("<I", header)[0]), np.uint8)


def letterbox(image):
    height, width = image.shape[:2]
    scale = min(LONG, max(height, width) * 1.2) / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), np.float32)
    canvas[: size[1], : size[0]] = small
    canvas -= MEAN
    return np.ascontiguousarray(canvas.transpose(2, 0, 1))


def measure(files, step, seconds):
    step(files[0])
    times, began = [], time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        for file in files:
            start = time.perf_counter()
            step(file)
            times.append((time.perf_counter() - start) * 1e3)
    return times


def decode(file):
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


cv2.setNumThreads(1)
files = [file for file in photos() if decode(file) is not None]
seconds = float(sys.argv[1]) / 2
cases = [
    {"about": "decode (imdecode, whole)", "ms": measure(files, decode, seconds)},
    {"about": "decode and letterbox", "ms": measure(files, lambda file: letterbox(decode(file)), seconds)},
]
print(json.dumps({"name": f"OpenCV {cv2.__version__}", "cases": cases}))
