// As best.wgsl: within each subgroup first, then each subgroup over the results of all.

// One a subgroup; none has fewer than four lanes.
var<workgroup> keys: array<u32, THREADS / 4u>;
var<workgroup> ids: array<u32, THREADS / 4u>;
var<workgroup> parts: array<f32, THREADS / 4u>;

fn best_within(key: u32, id: u32) -> vec2<u32> {
    let most = subgroupMax(key);
    return vec2<u32>(most, subgroupMin(select(NONE, id, key == most)));
}

fn reduce_best(lane: Lane, key: u32, id: u32) -> vec2<u32> {
    let own = best_within(key, id);
    if (lane.place == 0u) {
        keys[lane.subgroup] = own.x;
        ids[lane.subgroup] = own.y;
    }
    workgroupBarrier();
    var best = vec2<u32>(0u, NONE);
    for (var i = lane.place; i < lane.subgroups; i += lane.size) {
        if (keys[i] > best.x || (keys[i] == best.x && ids[i] < best.y)) {
            best = vec2<u32>(keys[i], ids[i]);
        }
    }
    return best_within(best.x, best.y);
}

fn reduce_sum(lane: Lane, value: f32) -> f32 {
    let own = subgroupAdd(value);
    if (lane.place == 0u) {
        parts[lane.subgroup] = own;
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = lane.place; i < lane.subgroups; i += lane.size) {
        sum += parts[i];
    }
    return subgroupAdd(sum);
}
