// What all lanes before a lane come to, and what all come to: in doubling steps, through workgroup memory.

struct Scan {
    before: Tally,
    all: Tally,
}

var<workgroup> sums: array<Tally, LANES>;

// A lane's place in the order of the scan.
fn rank(lane: Lane) -> u32 {
    return lane.index;
}

// Whether there is a lane for each place.
fn is_full(lane: Lane) -> bool {
    return true;
}

fn scanned(lane: Lane, own: Tally) -> Scan {
    var sum = own;
    sums[lane.index] = sum;
    for (var apart = 1u; apart < LANES; apart *= 2u) {
        workgroupBarrier();
        if (lane.index >= apart) {
            sum = then(sums[lane.index - apart], sum);
        }
        workgroupBarrier();
        sums[lane.index] = sum;
    }
    workgroupBarrier();
    var scan = Scan(Tally(), sums[LANES - 1u]);
    if (lane.index > 0u) {
        scan.before = sums[lane.index - 1u];
    }
    workgroupBarrier();
    return scan;
}
