// A convolution of each channel by itself, one invocation an output pixel.

struct Params {
    window: Window,
    filters: u32,
    epilogue: Epilogue,
}

@group(0) @binding(0) var<storage, read> params: Params;

@compute @workgroup_size(256)
fn depthwise(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let at = (group.x + group.y * groups.x) * 256u + index;
    let size = params.window.output;
    let plane = at / (size[0] * size[1]);
    if (plane >= params.window.images * params.filters) {
        return;
    }
    let channel = plane % params.filters;
    let row = at / size[1] % size[0];
    let column = at % size[1];
    let kernel = params.window.kernel;
    let input = params.window.input;
    var sum = 0.0;
    for (var ky = 0u; ky < kernel[0]; ky++) {
        let y = under(0u, row, ky);
        if (y >= input[0]) {
            continue;
        }
        for (var kx = 0u; kx < kernel[1]; kx++) {
            let x = under(1u, column, kx);
            if (x < input[1]) {
                let weight = f32(right[(channel * kernel[0] + ky) * kernel[1] + kx]);
                sum += weight * f32(left[(plane * input[0] + y) * input[1] + x]);
            }
        }
    }
    finish(params.epilogue, sum, channel, at);
}
