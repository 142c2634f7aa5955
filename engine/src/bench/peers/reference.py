# What somebody would write in Python: OpenCV and ONNX Runtime with the same nets, from a file's bytes to texts.
import onnxruntime

LEVELS, THRESHOLD, OVERLAP = ((8, (24, 48)), (16, (96, 192)), (32, (384, 768))), 0.1, 0.4
SLOTS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


detector, reader, rule = session(sys.argv[2]), session(sys.argv[3]), sys.argv[4]
kept_priors = {}


def priors(height, width):
    """Centre and side of each: [n, 3]."""
    if (height, width) not in kept_priors:
        levels = []
        for step, sides in LEVELS:
            y, x, side = np.meshgrid(np.arange(-(-height // step)), np.arange(-(-width // step)), sides, indexing="ij")
            levels.append(np.stack([(x + 0.5) * step, (y + 0.5) * step, side], -1).reshape(-1, 3))
        kept_priors[height, width] = np.concatenate(levels).astype(np.float32)
    return kept_priors[height, width]


def detect(image):
    """Boxes x, y, w, h in the photo's pixels, the best first."""
    tensor, scale = letterbox(image)
    loc, conf = (output[0] for output in detector.run(["loc", "conf"], {detector.get_inputs()[0].name: tensor[None]}))
    scores, prior = conf[:, 1], priors(*tensor.shape[1:])
    keep = np.flatnonzero(scores > THRESHOLD)
    if not keep.size:
        keep = scores.argmax(keepdims=True)
    loc, prior, scores = loc[keep], prior[keep], scores[keep]
    size = prior[:, 2:] * np.exp(loc[:, 2:] * 0.2)
    boxes = np.concatenate([prior[:, :2] + loc[:, :2] * 0.1 * prior[:, 2:] - size / 2, size], 1) / scale
    kept = np.array(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, OVERLAP)).ravel()
    return boxes[sorted(kept, key=lambda at: -scores[at])]


def part(image, box, size, grow=0.0):
    height, width = image.shape[:2]
    x, y, w, h = box
    left, top = max(0, round(x - w * grow)), max(0, round(y - h * grow))
    right, bottom = min(width, round(x + w * (1 + grow))), min(height, round(y + h * (1 + grow)))
    inside = image[top:bottom, left:right]
    return cv2.resize(inside, size) if inside.size else np.zeros((size[1], size[0], 3), np.uint8)


def read_slots(image, box):
    _, height, width, _ = reader.get_inputs()[0].shape
    crop = cv2.cvtColor(part(image, box, (width, height), 0.1), cv2.COLOR_BGR2RGB)
    scores = reader.run(None, {reader.get_inputs()[0].name: crop[None]})[0].reshape(-1, len(SLOTS))
    return "".join(SLOTS[at] for at in scores.argmax(1)).replace("_", "")


def read_ctc(image, box):
    crop = part(image, box, (160, 48)).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    best = reader.run(None, {reader.get_inputs()[0].name: crop[None]})[0][0].argmax(1)
    letters = [""] + reader.get_modelmeta().custom_metadata_map["character"].split("\n") + [" "]
    text = "".join(letters[at] for at, before in zip(best, [0, *best]) if at != before and at)
    return "".join(letter for letter in text.upper() if letter.isascii() and letter.isalnum())


read = {"slots": read_slots, "ctc": read_ctc}[rule]


def whole(file):
    image = decode(file)
    return [read(image, box) for box in detect(image)] if image is not None else [""]


files = photos()
answer(
    f"Python reference (OpenCV {cv2.__version__}, ONNX Runtime {onnxruntime.__version__})",
    files,
    [("bytes to texts", whole)],
    texts=[whole(file)[0] for file in files],
)
