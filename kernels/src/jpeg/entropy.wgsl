// The passes of entropy decoding: the twin of cpu/mod.rs and cpu/settle.rs, see there for how guesses come to agree.
// An invocation works on a chunk, a workgroup on LANES chunks of one photo.
//
// `settle` takes ROUNDS rounds at most, and there are as many passes as the host submits, so this ends as `run` does.

// What the last chunk of each group ended in: two sides, one read while the other is written.
@group(0) @binding(5) var<storage, read_write> edges: array<Cursor>;

var<workgroup> exits: array<Cursor, LANES>;
var<workgroup> stale: atomic<u32>;
var<workgroup> go_on: u32;

fn is_same(a: Cursor, b: Cursor) -> bool {
    return a.bit == b.bit && a.mark == b.mark && a.interval == b.interval;
}

// Rounds in which each chunk looks at the one before it, and decodes again where that ended otherwise than it began.
// `before` is what lane 0 looks at.
fn settle(lane: u32, is_active: bool, before: Cursor, stop: u32, chunk: ptr<function, Chunk>) {
    if (lane == 0u) {
        atomicStore(&stale, 0u);
    }
    exits[lane] = (*chunk).exit;
    for (var round = 0u; round < ROUNDS; round++) {
        workgroupBarrier();
        var entry = before;
        if (lane > 0u) {
            entry = exits[lane - 1u];
        }
        let is_stale = is_active && !is_same(entry, (*chunk).entry);
        if (is_stale) {
            atomicStore(&stale, 1u);
        }
        workgroupBarrier();
        if (lane == 0u) {
            go_on = atomicExchange(&stale, 0u);
        }
        if (workgroupUniformLoad(&go_on) == 0u) {
            break;
        }
        if (is_stale) {
            at = entry;
            tally = Tally();
            run(stop, false);
            *chunk = Chunk(entry, at, tally);
            exits[lane] = at;
        }
    }
}

fn keep(group: u32, side: u32, chunk: u32, settled: Chunk) {
    chunks[photo.first_chunk + chunk] = settled;
    let next = chunk + 1u;
    if (next % LANES == 0u || next == photo.chunks) {
        edges[2u * group + side] = settled.exit;
    }
}

@compute @workgroup_size(128)
fn guess(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = group_number(id, groups);
    find_photo(group);
    build_tables(lane);
    let chunk = (group - photo.first_group) * LANES + lane;
    let is_active = chunk < photo.chunks;
    let bit = min(chunk, photo.chunks) * CHUNK_BITS;
    // The interval that the bit lies in.
    var low = 0u;
    var high = photo.intervals;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (interval_end(middle) <= bit) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    at = Cursor(bit, 0u, low);
    var mine = Chunk(at, at, Tally());
    if (is_active) {
        run(bit + CHUNK_BITS, false);
        mine.exit = at;
        mine.tally = tally;
    }
    settle(lane, is_active, mine.entry, bit + CHUNK_BITS, &mine);
    if (is_active) {
        keep(group, 0u, chunk, mine);
    }
}

// A look at the group before, whose last exit lies on the side given.
fn stitch(group: u32, lane: u32, side: u32) {
    find_photo(group);
    let chunk = (group - photo.first_group) * LANES + lane;
    let is_active = chunk < photo.chunks;
    var mine = Chunk();
    if (is_active) {
        mine = chunks[photo.first_chunk + chunk];
    }
    var before = mine.entry;
    if (lane == 0u) {
        if (is_active && group > photo.first_group) {
            before = edges[2u * group - 2u + side];
        }
        go_on = select(1u, 0u, !is_active || is_same(before, mine.entry));
    }
    if (workgroupUniformLoad(&go_on) != 0u) {
        build_tables(lane);
        settle(lane, is_active, before, (chunk + 1u) * CHUNK_BITS, &mine);
    }
    if (is_active) {
        keep(group, 1u - side, chunk, mine);
    }
}

@compute @workgroup_size(128)
fn stitch_even(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    stitch(group_number(id, groups), lane, 0u);
}

@compute @workgroup_size(128)
fn stitch_odd(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    stitch(group_number(id, groups), lane, 1u);
}

fn then(a: Tally, b: Tally) -> Tally {
    if (b.is_absolute != 0u) {
        return b;
    }
    let dc = array<i32, 3>(a.dc[0] + b.dc[0], a.dc[1] + b.dc[1], a.dc[2] + b.dc[2]);
    return Tally(a.is_absolute, a.blocks + b.blocks, dc);
}

// Replaces each chunk's tally by that of all chunks before it, and sees whether all agree: a workgroup a photo.
@compute @workgroup_size(128)
fn place(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    lane: Lane,
) {
    let number = group_number(id, groups);
    if (number >= arrayLength(&photos)) {
        return;
    }
    photo_index = number;
    let first_chunk = photos[number].first_chunk;
    let count = photos[number].chunks;
    var before = Tally();
    let own = rank(lane);
    if (!is_full(lane)) {
        report(UNSETTLED);
    }
    for (var start = 0u; start < count; start += LANES) {
        let chunk = first_chunk + start + own;
        let is_active = start + own < count;
        var sum = Tally();
        if (is_active) {
            sum = chunks[chunk].tally;
            if (start + own > 0u && !is_same(chunks[chunk - 1u].exit, chunks[chunk].entry)) {
                report(UNSETTLED);
            }
        }
        let scan = scanned(lane, sum);
        if (is_active) {
            chunks[chunk].tally = then(before, scan.before);
        }
        before = then(before, scan.all);
    }
}

// Decodes once more, now knowing every block's place, and writes the coefficients.
@compute @workgroup_size(128)
fn write(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = group_number(id, groups);
    find_photo(group);
    build_tables(lane);
    let chunk = (group - photo.first_group) * LANES + lane;
    // Places that do not agree may be anywhere.
    if (chunk < photo.chunks && (atomicLoad(&states[photo_index]) & UNSETTLED) == 0u) {
        at = chunks[photo.first_chunk + chunk].entry;
        tally = chunks[photo.first_chunk + chunk].tally;
        run((chunk + 1u) * CHUNK_BITS, true);
    }
}
