# OpenCV's imdecode and the detector's letterbox.
import cv2
import numpy as np


def decode(file):
    return cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)


def letterbox(image):
    height, width = image.shape[:2]
    scale = min(LONG, max(height, width) * 1.2) / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), np.float32)
    canvas[: size[1], : size[0]] = small
    canvas -= np.array(MEAN, np.float32)
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)), scale


cv2.setNumThreads(1)
