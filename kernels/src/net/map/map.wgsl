// Values, each by itself, one invocation an element of the output.

struct Params {
    len: u32,
    rank: u32,
    scale: f32,
    has_times: u32,
    has_plus: u32,
    before: array<u32, 3>,
    after: array<u32, 3>,
    // Of x, times, plus and the output.
    offsets: array<u32, 4>,
    shape: array<u32, 6>,
    // Six of x, then of times, plus and the output.
    strides: array<u32, 24>,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In1>;
@group(0) @binding(1) var<storage, read> x_bytes: array<u32>;
@group(0) @binding(2) var<storage, read> times: array<In2>;
@group(0) @binding(3) var<storage, read> plus: array<In3>;
@group(0) @binding(5) var<storage, read_write> result: array<Out>;

// Where an element of the output lies in x, times, plus and the output.
fn places(element: u32) -> vec4<u32> {
    var places = vec4<u32>(params.offsets[0], params.offsets[1], params.offsets[2], params.offsets[3]);
    var rest = element;
    for (var i = 0u; i < params.rank; i++) {
        let axis = params.rank - 1u - i;
        let at = rest % params.shape[axis];
        rest /= params.shape[axis];
        let strides = vec4<u32>(
            params.strides[axis],
            params.strides[axis + 6u],
            params.strides[axis + 12u],
            params.strides[axis + 18u],
        );
        places += at * strides;
    }
    return places;
}

fn write(value: f32, at: vec4<u32>) {
    let before = params.before;
    var mapped = activate(before[0], bitcast<f32>(before[1]), bitcast<f32>(before[2]), params.scale * value);
    if (params.has_times != 0u) {
        mapped *= f32(times[at.y]);
    }
    if (params.has_plus != 0u) {
        mapped += f32(plus[at.z]);
    }
    let after = params.after;
    result[at.w] = out(activate(after[0], bitcast<f32>(after[1]), bitcast<f32>(after[2]), mapped));
}

@compute @workgroup_size(256)
fn map(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let element = (group.x + group.y * groups.x) * 256u + index;
    if (element < params.len) {
        let at = places(element);
        write(f32(x[at.x]), at);
    }
}

@compute @workgroup_size(256)
fn map_bytes(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let element = (group.x + group.y * groups.x) * 256u + index;
    if (element < params.len) {
        let at = places(element);
        write(f32(x_bytes[at.x / 4u] >> (at.x % 4u * 8u) & 255u), at);
    }
}
