// The largest or mean value of a window, one invocation an output pixel.

struct Params {
    window: Window,
    is_mean: u32,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> left: array<In1>;
@group(0) @binding(5) var<storage, read_write> result: array<Out>;

@compute @workgroup_size(256)
fn pool(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let at = (group.x + group.y * groups.x) * 256u + index;
    let size = params.window.output;
    let plane = at / (size[0] * size[1]);
    if (plane >= params.window.images * params.window.channels) {
        return;
    }
    let row = at / size[1] % size[0];
    let column = at % size[1];
    let input = params.window.input;
    var most = -3.4028234e38;
    var sum = 0.0;
    var count = 0.0;
    for (var ky = 0u; ky < params.window.kernel[0]; ky++) {
        let y = under(0u, row, ky);
        for (var kx = 0u; kx < params.window.kernel[1]; kx++) {
            let x = under(1u, column, kx);
            if (y < input[0] && x < input[1]) {
                let value = f32(left[(plane * input[0] + y) * input[1] + x]);
                most = max(most, value);
                sum += value;
                count += 1.0;
            }
        }
    }
    result[at] = out(select(most, sum / max(count, 1.0), params.is_mean != 0u));
}
