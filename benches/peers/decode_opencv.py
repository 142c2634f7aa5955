"""The peer of the case `decode`: OpenCV's imdecode, letterbox and crop on one thread.

usage: decode_opencv.py FOLDER; prints {"ms": [...]}, milliseconds a photo in the order of their paths.
needs: pip install opencv-python-headless numpy
"""
import csv, json, pathlib, sys, time
import cv2, numpy as np

LONG, MEAN = 640, np.array([104, 117, 123], np.float32)


def load(folder):
    photos = []
    for labels in sorted(pathlib.Path(folder).rglob("labels.csv")):
        boxes = {}
        for row in csv.DictReader(open(labels)):
            boxes.setdefault(row["file"], [float(row[k]) for k in ("x", "y", "w", "h")])
        photos += [(str(labels.parent / f), box) for f, box in boxes.items() if f.lower().endswith((".jpg", ".jpeg"))]
    return [(np.fromfile(path, np.uint8), box) for path, box in sorted(photos)]


def once(data, box):
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    h, w = image.shape[:2]
    scale = LONG / max(h, w)
    size = round(w * scale), round(h * scale)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), np.float32)
    canvas[:size[1], :size[0]] = small
    canvas -= MEAN
    tensor = np.ascontiguousarray(canvas.transpose(2, 0, 1))
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    x1, y1 = min(w, round(box[0] + box[2])), min(h, round(box[1] + box[3]))
    crop = cv2.resize(image[y0:y1, x0:x1], (160, 48))
    return tensor, np.ascontiguousarray(crop.astype(np.float32).transpose(2, 0, 1)) / 127.5 - 1


cv2.setNumThreads(1)
photos, times = load(sys.argv[1]), []
for data, box in photos[:20]:
    once(data, box)
for data, box in photos:
    began = time.perf_counter()
    once(data, box)
    times.append((time.perf_counter() - began) * 1e3)
print(json.dumps({"ms": times, "opencv": cv2.__version__}))
