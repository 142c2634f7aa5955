// Softmax (0), mean (1) and layer norm (2) over an axis: a row an invocation, or a long row a workgroup.

struct Params {
    outer: u32,
    len: u32,
    inner: u32,
    kind: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> x: array<In1>;
@group(0) @binding(2) var<storage, read> scale: array<In2>;
@group(0) @binding(3) var<storage, read> shift: array<In3>;
@group(0) @binding(5) var<storage, read_write> result: array<Out>;

fn written(value: f32, at: u32, middle: f32, factor: f32) -> f32 {
    if (params.kind == 0u) {
        return exp(value - middle) * factor;
    }
    return (value - middle) * factor * f32(scale[at]) + f32(shift[at]);
}

// What an element adds to the second sum: a power of e, or a square.
fn spread(value: f32, middle: f32) -> f32 {
    let away = value - middle;
    return select(away * away, exp(away), params.kind == 0u);
}

fn factor_of(sum: f32) -> f32 {
    return select(inverseSqrt(sum / f32(params.len) + params.epsilon), 1.0 / sum, params.kind == 0u);
}

@compute @workgroup_size(256)
fn each(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = (group.x + group.y * groups.x) * 256u + index;
    if (row >= params.outer * params.inner) {
        return;
    }
    let first = row / params.inner * params.len * params.inner + row % params.inner;
    var most = -3.4028234e38;
    var sum = 0.0;
    for (var i = 0u; i < params.len; i++) {
        let value = f32(x[first + i * params.inner]);
        most = max(most, value);
        sum += value;
    }
    if (params.kind == 1u) {
        result[row] = out(sum / f32(params.len));
        return;
    }
    let middle = select(sum / f32(params.len), most, params.kind == 0u);
    sum = 0.0;
    for (var i = 0u; i < params.len; i++) {
        sum += spread(f32(x[first + i * params.inner]), middle);
    }
    let factor = factor_of(sum);
    for (var i = 0u; i < params.len; i++) {
        let at = first + i * params.inner;
        result[at] = out(written(f32(x[at]), i, middle, factor));
    }
}

@compute @workgroup_size(256)
fn wide(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    lane: Lane,
) {
    let row = group.x + group.y * groups.x;
    if (row >= params.outer) {
        return;
    }
    let index = lane.index;
    let first = row * params.len;
    // Softmax is taken relative to the largest, the others to the mean.
    let is_sum = params.kind != 0u;
    var own = select(-3.4028234e38, 0.0, is_sum);
    for (var i = index; i < params.len; i += 256u) {
        let value = f32(x[first + i]);
        own = select(max(own, value), own + value, is_sum);
    }
    let all = reduced(lane, own, is_sum);
    let middle = select(all, all / f32(params.len), is_sum);
    if (params.kind == 1u) {
        if (index == 0u) {
            result[row] = out(middle);
        }
        return;
    }
    var sum = 0.0;
    for (var i = index; i < params.len; i += 256u) {
        sum += spread(f32(x[first + i]), middle);
    }
    let factor = factor_of(reduced(lane, sum, true));
    for (var i = index; i < params.len; i += 256u) {
        result[first + i] = out(written(f32(x[first + i]), i, middle, factor));
    }
}
