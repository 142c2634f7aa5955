// Of all 256 lanes' values, for all lanes: the sum, or the largest. In halves, through workgroup memory.

var<workgroup> partial: array<f32, 256>;

fn reduced(lane: Lane, value: f32, is_sum: bool) -> f32 {
    // The result of the call before may still be read.
    workgroupBarrier();
    partial[lane.index] = value;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (lane.index < half) {
            let other = partial[lane.index + half];
            partial[lane.index] = select(max(partial[lane.index], other), partial[lane.index] + other, is_sum);
        }
        workgroupBarrier();
    }
    return partial[0];
}
