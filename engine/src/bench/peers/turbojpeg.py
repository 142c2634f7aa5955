# libjpeg-turbo by itself, as the wheel simplejpeg bundles it: whole, and as small as the detector may have it.
import simplejpeg


def whole(file):
    return simplejpeg.decode_jpeg(file, "BGR", strict=False)


def scaled(file):
    height, width = simplejpeg.decode_jpeg_header(file, strict=False)[:2]
    long = min(LONG, max(height, width))
    return simplejpeg.decode_jpeg(file, "BGR", strict=False, **{"min_width" if width >= height else "min_height": long})


files = [file for file in photos() if simplejpeg.is_jpeg(file)]
steps = [("decode, whole", whole), ("decode, scaled to 640 or more", scaled)]
answer(f"libjpeg-turbo (simplejpeg {simplejpeg.__version__})", files, steps)
