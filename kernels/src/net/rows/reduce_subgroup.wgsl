// As reduce.wgsl: within each subgroup first, then each subgroup over the results of all.

// One a subgroup; none has fewer than four lanes.
var<workgroup> partial: array<f32, 64>;

fn within(value: f32, is_sum: bool) -> f32 {
    if (is_sum) {
        return subgroupAdd(value);
    }
    return subgroupMax(value);
}

fn reduced(lane: Lane, value: f32, is_sum: bool) -> f32 {
    let own = within(value, is_sum);
    // The result of the call before may still be read.
    workgroupBarrier();
    if (lane.place == 0u) {
        partial[lane.subgroup] = own;
    }
    workgroupBarrier();
    var all = select(-3.4028234e38, 0.0, is_sum);
    for (var i = lane.place; i < lane.subgroups; i += lane.size) {
        all = select(max(all, partial[i]), all + partial[i], is_sum);
    }
    return within(all, is_sum);
}
