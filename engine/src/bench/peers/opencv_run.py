
files = [file for file in photos() if decode(file) is not None]
steps = [
    ("decode (imdecode, whole)", decode),
    ("decode and letterbox", lambda file: letterbox(decode(file))),
]
answer(f"OpenCV {cv2.__version__}", files, steps)
