// The highest key of all lanes with the lowest class of those that have it, and sums: in halves, through workgroup memory.

var<workgroup> keys: array<u32, THREADS>;
var<workgroup> ids: array<u32, THREADS>;
var<workgroup> parts: array<f32, THREADS>;

// Key and class, for the first lane. Between two calls lies a barrier of the caller's.
fn reduce_best(lane: Lane, key: u32, id: u32) -> vec2<u32> {
    keys[lane.index] = key;
    ids[lane.index] = id;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane.index < half) {
            let other = lane.index + half;
            if (keys[other] > keys[lane.index] || (keys[other] == keys[lane.index] && ids[other] < ids[lane.index])) {
                keys[lane.index] = keys[other];
                ids[lane.index] = ids[other];
            }
        }
    }
    workgroupBarrier();
    return vec2<u32>(keys[0], ids[0]);
}

// The sum, for all lanes. To be called once.
fn reduce_sum(lane: Lane, value: f32) -> f32 {
    parts[lane.index] = value;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane.index < half) {
            parts[lane.index] += parts[lane.index + half];
        }
    }
    workgroupBarrier();
    return parts[0];
}
