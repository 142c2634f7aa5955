// As scan.wgsl: within each subgroup by its own means, then over the subgroups.

struct Scan {
    before: Tally,
    all: Tally,
}

// One a subgroup; none has fewer than four lanes.
var<workgroup> sums: array<Tally, LANES / 4u>;

// That of the lane so far below.
fn below(own: Tally, apart: u32) -> Tally {
    let dc = array<i32, 3>(
        subgroupShuffleUp(own.dc[0], apart),
        subgroupShuffleUp(own.dc[1], apart),
        subgroupShuffleUp(own.dc[2], apart),
    );
    return Tally(subgroupShuffleUp(own.is_absolute, apart), subgroupShuffleUp(own.blocks, apart), dc);
}

// A lane's place in the order of the scan. Nothing says that lanes are laid into subgroups by their index.
fn rank(lane: Lane) -> u32 {
    return lane.subgroup * lane.size + lane.place;
}

// Whether there is a lane for each place: Vulkan before 1.3 promises no full subgroups.
fn is_full(lane: Lane) -> bool {
    return lane.subgroups * lane.size == LANES;
}

fn scanned(lane: Lane, own: Tally) -> Scan {
    var sum = own;
    for (var apart = 1u; apart < lane.size; apart *= 2u) {
        let other = below(sum, apart);
        if (lane.place >= apart) {
            sum = then(other, sum);
        }
    }
    if (lane.place + 1u == lane.size) {
        sums[lane.subgroup] = sum;
    }
    var before = below(sum, 1u);
    if (lane.place == 0u) {
        before = Tally();
    }
    workgroupBarrier();
    var earlier = Tally();
    var all = Tally();
    for (var i = 0u; i < lane.subgroups; i++) {
        if (i == lane.subgroup) {
            earlier = all;
        }
        all = then(all, sums[i]);
    }
    workgroupBarrier();
    return Scan(then(earlier, before), all);
}
