// How a window moves: the twin of Window.

struct Window {
    images: u32,
    channels: u32,
    input: array<u32, 2>,
    output: array<u32, 2>,
    kernel: array<u32, 2>,
    stride: array<u32, 2>,
    pad: array<u32, 2>,
    dilation: array<u32, 2>,
}

// The input's row or column under an output's and a tap. Above or left of the input it wraps round to something large.
fn under(axis: u32, place: u32, tap: u32) -> u32 {
    return place * params.window.stride[axis] + tap * params.window.dilation[axis] - params.window.pad[axis];
}
