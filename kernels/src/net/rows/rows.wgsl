// Softmax (0), mean (1) and layer norm (2) over an axis: a row an invocation, or a long row a workgroup.

struct Params {
    outer: u32,
    len: u32,
    inner: u32,
    kind: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

var<workgroup> partial: array<f32, 256>;

fn written(value: f32, at: u32, middle: f32, factor: f32) -> f32 {
    if (params.kind == 0u) {
        return exp(value - middle) * factor;
    }
    return (value - middle) * factor * scale[at] + shift[at];
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
        let value = x[first + i * params.inner];
        most = max(most, value);
        sum += value;
    }
    if (params.kind == 1u) {
        result[row] = sum / f32(params.len);
        return;
    }
    let middle = select(sum / f32(params.len), most, params.kind == 0u);
    sum = 0.0;
    for (var i = 0u; i < params.len; i++) {
        sum += spread(x[first + i * params.inner], middle);
    }
    let factor = factor_of(sum);
    for (var i = 0u; i < params.len; i++) {
        let at = first + i * params.inner;
        result[at] = written(x[at], i, middle, factor);
    }
}

// Of all lanes' values, for all lanes: the sum, or the largest.
fn reduced(value: f32, index: u32, is_sum: bool) -> f32 {
    workgroupBarrier();
    partial[index] = value;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (index < half) {
            let other = partial[index + half];
            partial[index] = select(max(partial[index], other), partial[index] + other, is_sum);
        }
        workgroupBarrier();
    }
    return partial[0];
}

@compute @workgroup_size(256)
fn wide(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = group.x + group.y * groups.x;
    if (row >= params.outer) {
        return;
    }
    let first = row * params.len;
    var most = -3.4028234e38;
    var sum = 0.0;
    for (var i = index; i < params.len; i += 256u) {
        most = max(most, x[first + i]);
        sum += x[first + i];
    }
    var middle = reduced(sum, index, true) / f32(params.len);
    if (params.kind == 1u) {
        if (index == 0u) {
            result[row] = middle;
        }
        return;
    }
    let largest = reduced(most, index, false);
    middle = select(middle, largest, params.kind == 0u);
    sum = 0.0;
    for (var i = index; i < params.len; i += 256u) {
        sum += spread(x[first + i], middle);
    }
    let factor = factor_of(reduced(sum, index, true));
    for (var i = index; i < params.len; i += 256u) {
        result[first + i] = written(x[first + i], i, middle, factor);
    }
}
