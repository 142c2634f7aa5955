// The sides of a convolution as a matrix product: filters, and windows that are never stored.

struct Params {
    window: Window,
    filters: u32,
    epilogue: Epilogue,
}

@group(0) @binding(0) var<storage, read> params: Params;

fn extent() -> vec3<u32> {
    let window = params.window;
    let taps = window.kernel[0] * window.kernel[1];
    return vec3<u32>(params.filters, window.output[0] * window.output[1], window.channels * taps);
}

fn left_at(batch: u32, filter_row: u32, depth: u32) -> f32 {
    let taps = params.window.kernel[0] * params.window.kernel[1];
    return f32(right[filter_row * params.window.channels * taps + depth]);
}

fn right_at(batch: u32, depth: u32, pixel: u32) -> f32 {
    let taps = params.window.kernel[0] * params.window.kernel[1];
    let tap = depth % taps;
    let y = under(0u, pixel / params.window.output[1], tap / params.window.kernel[1]);
    let x = under(1u, pixel % params.window.output[1], tap % params.window.kernel[1]);
    if (y >= params.window.input[0] || x >= params.window.input[1]) {
        return 0.0;
    }
    let plane = batch * params.window.channels + depth / taps;
    return f32(left[(plane * params.window.input[0] + y) * params.window.input[1] + x]);
}

fn bias_at(filter_row: u32, pixel: u32) -> u32 {
    return filter_row;
}
