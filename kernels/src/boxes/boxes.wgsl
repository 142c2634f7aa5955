// Boxes: the twin of retina.rs and cpu.rs. `scan` looks through the priors, a workgroup a part of an image, because one
// alone would wait for its reads; `boxes`, a workgroup an image, sorts what it found by falling score (equal ones by
// index) and suppresses greedily.
//
// Scores are compared as whole numbers of the same order, so that NaN is a number below all others and no driver's
// floating-point shortcuts matter.

const THREADS: u32 = 128u;
// Candidates an image; a power of two. Where there are more, the CPU does the image.
const CAPACITY: u32 = 512u;
// Priors of a part.
const PART: u32 = THREADS * AHEAD;
// Priors that a thread looks at.
const AHEAD: u32 = 8u;
// Of a part: its highest score and the first prior that has it, candidates, then score and prior of each.
const PART_HEADER: u32 = 3u;
const PART_WORDS: u32 = PART_HEADER + 2u * CAPACITY;
const NONE: u32 = 0xffffffffu;
const NEGATIVE_INFINITY_KEY: u32 = 0x007fffffu;
// Of a result: the best prior or NONE, candidates, boxes kept; then a row for the best and one for each kept box.
const HEADER: u32 = 3u;
// x, y, width, height, score, four corners.
const ROW: u32 = 13u;

struct Params {
    images: u32,
    priors: u32,
    levels: u32,
    max_boxes: u32,
    threshold: f32,
    max_iou: f32,
    // The variances of places and of sizes.
    place: f32,
    size: f32,
}

struct Level {
    // Index of its first prior.
    first: u32,
    columns: u32,
    step: f32,
    // Where its sizes begin, and how many there are.
    sizes_at: u32,
    sizes: u32,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> levels: array<Level>;
@group(0) @binding(2) var<storage, read> sizes: array<f32>;
@group(0) @binding(3) var<storage, read> loc: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> conf: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> landmarks: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> results: array<u32>;
@group(0) @binding(7) var<storage, read_write> parts: array<u32>;

var<workgroup> keys: array<u32, CAPACITY>;
var<workgroup> ids: array<u32, CAPACITY>;
var<workgroup> rects: array<vec4<f32>, CAPACITY>;
var<workgroup> alive: array<u32, CAPACITY>;
var<workgroup> counter: atomic<u32>;
var<workgroup> counts: array<u32, THREADS>;

// A number that orders as the score does; 0 for NaN. Both zeros are one.
fn order(score: f32) -> u32 {
    let bits = bitcast<u32>(score);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return 0u;
    }
    if (bits == 0x80000000u) {
        return 0x80000000u;
    }
    return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// Centre and side of a prior.
fn prior(index: u32) -> vec3<f32> {
    var level = 0u;
    while (level + 1u < params.levels && index >= levels[level + 1u].first) {
        level++;
    }
    let rest = index - levels[level].first;
    let cell = rest / levels[level].sizes;
    let side = sizes[levels[level].sizes_at + rest % levels[level].sizes];
    let columns = levels[level].columns;
    let place = vec2<f32>(vec2<u32>(cell % columns, cell / columns)) + 0.5;
    return vec3<f32>(place * levels[level].step, side);
}

// x, y, width and height of the box of row `at` of the outputs.
fn decode_rect(at: u32, prior: vec3<f32>) -> vec4<f32> {
    let centre = prior.xy + loc[at].xy * params.place * prior.z;
    let size = prior.z * exp(loc[at].zw * params.size);
    return vec4<f32>(centre - size / 2.0, size);
}

// Two of the four corners.
fn decode_corners(at: u32, half: u32, prior: vec3<f32>) -> vec4<f32> {
    return prior.xyxy + landmarks[at * 2u + half] * params.place * prior.z;
}

fn is_finite(value: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(value) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

fn is_box(at: u32, prior: vec3<f32>) -> bool {
    return is_finite(decode_rect(at, prior)) && is_finite(decode_corners(at, 0u, prior))
        && is_finite(decode_corners(at, 1u, prior));
}

// Whether the first candidate goes before the second.
fn goes_before(a: u32, b: u32) -> bool {
    return keys[a] > keys[b] || (keys[a] == keys[b] && ids[a] < ids[b]);
}

fn overlap(a: vec4<f32>, b: vec4<f32>) -> f32 {
    let shared_size = max(min(a.xy + a.zw, b.xy + b.zw) - max(a.xy, b.xy), vec2<f32>(0.0));
    let both = shared_size.x * shared_size.y;
    let areas = vec2<f32>(max(a.z, 0.0) * max(a.w, 0.0), max(b.z, 0.0) * max(b.w, 0.0));
    if (both > 0.0 && areas.x > 0.0 && areas.y > 0.0) {
        return both / (areas.x + areas.y - both);
    }
    return 0.0;
}

// Writes one number of a row: of the image's prior `id` as row `place` of its result.
fn write_row(image: u32, id: u32, place: u32, column: u32) {
    let at = image * params.priors + id;
    let own = prior(id);
    var value: f32;
    if (column < 4u) {
        value = decode_rect(at, own)[column];
    } else if (column == 4u) {
        value = conf[at].y;
    } else {
        value = decode_corners(at, (column - 5u) / 4u, own)[(column - 5u) % 4u];
    }
    results[result_at(image) + HEADER + place * ROW + column] = bitcast<u32>(value);
}

fn result_at(image: u32) -> u32 {
    return image * (HEADER + (1u + params.max_boxes) * ROW);
}

fn parts_each() -> u32 {
    return (params.priors + PART - 1u) / PART;
}

fn part_at(image: u32, part: u32) -> u32 {
    return (image * parts_each() + part) * PART_WORDS;
}

// The highest of the threads' scores and the first prior that has it, for thread 0 in `keys` and `ids`.
fn reduce_best(key: u32, id: u32, thread: u32) {
    keys[thread] = key;
    ids[thread] = id;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half && goes_before(thread + half, thread)) {
            keys[thread] = keys[thread + half];
            ids[thread] = ids[thread + half];
        }
    }
}

@compute @workgroup_size(THREADS)
fn scan(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32) {
    let number = group.x + group.y * groups.x;
    // Surplus workgroups of the grid's last line have no part.
    if (number >= params.images * parts_each()) {
        return;
    }
    let image = number / parts_each();
    let first = number % parts_each() * PART;
    let out = number * PART_WORDS;
    let bar = order(params.threshold);
    var key = NEGATIVE_INFINITY_KEY;
    var id = NONE;
    // All scores first: one after the other, reads would be waited for and not the memory be busy.
    var scores: array<u32, AHEAD>;
    for (var i = 0u; i < AHEAD; i++) {
        let index = first + thread + i * THREADS;
        if (index < params.priors) {
            scores[i] = order(conf[image * params.priors + index].y);
        }
    }
    for (var i = 0u; i < AHEAD; i++) {
        let index = first + thread + i * THREADS;
        let own = scores[i];
        if (own > key) {
            key = own;
            id = index;
        }
        if (own > bar && is_box(image * params.priors + index, prior(index))) {
            let slot = atomicAdd(&counter, 1u);
            if (slot < CAPACITY) {
                parts[out + PART_HEADER + 2u * slot] = own;
                parts[out + PART_HEADER + 2u * slot + 1u] = index;
            }
        }
    }
    reduce_best(key, id, thread);
    if (thread == 0u) {
        parts[out] = keys[0];
        parts[out + 1u] = ids[0];
        // All have counted: the reduction waited for them.
        parts[out + 2u] = atomicLoad(&counter);
    }
}

// The best prior of the image, as the first row of its result. Uses the arrays before the candidates do.
fn find_best(image: u32, thread: u32) {
    var key = NEGATIVE_INFINITY_KEY;
    var id = NONE;
    for (var part = thread; part < parts_each(); part += THREADS) {
        let own = parts[part_at(image, part)];
        if (own > key) {
            key = own;
            id = parts[part_at(image, part) + 1u];
        }
    }
    reduce_best(key, id, thread);
    let best = workgroupUniformLoad(&ids[0]);
    if (best != NONE && is_box(image * params.priors + best, prior(best))) {
        if (thread < ROW) {
            write_row(image, best, 0u, thread);
        }
        if (thread == 0u) {
            results[result_at(image)] = best;
        }
    } else if (thread == 0u) {
        results[result_at(image)] = NONE;
    }
    workgroupBarrier();
}

// Puts the candidates of all parts into the arrays and returns how many there are, also where that is too many.
fn collect(image: u32, thread: u32) -> u32 {
    var total = 0u;
    for (var round = 0u; round < parts_each(); round += THREADS) {
        workgroupBarrier();
        if (round + thread < parts_each()) {
            counts[thread] = parts[part_at(image, round + thread) + 2u];
        }
        workgroupBarrier();
        for (var part = round; part < min(round + THREADS, parts_each()); part++) {
            let count = counts[part - round];
            let rows = part_at(image, part) + PART_HEADER;
            for (var slot = thread; slot < min(count, CAPACITY) && total + slot < CAPACITY; slot += THREADS) {
                keys[total + slot] = parts[rows + 2u * slot];
                ids[total + slot] = parts[rows + 2u * slot + 1u];
            }
            total += count;
        }
    }
    workgroupBarrier();
    // The same in all threads: read in this way, compilers that ask for uniform control flow know it too.
    if (thread == 0u) {
        counts[0] = total;
    }
    return workgroupUniformLoad(&counts[0]);
}

// A bitonic sort of the first `count` candidates, filled up with such as go last.
fn sort(count: u32, thread: u32) {
    var size = 1u;
    while (size < count) {
        size *= 2u;
    }
    for (var slot = count + thread; slot < size; slot += THREADS) {
        keys[slot] = 0u;
        ids[slot] = NONE;
    }
    workgroupBarrier();
    for (var run = 2u; run <= size; run *= 2u) {
        for (var distance = run / 2u; distance > 0u; distance /= 2u) {
            for (var slot = thread; slot < size; slot += THREADS) {
                let other = slot ^ distance;
                if (other > slot && goes_before(other, slot) == ((slot & run) == 0u)) {
                    let key = keys[slot];
                    let id = ids[slot];
                    keys[slot] = keys[other];
                    ids[slot] = ids[other];
                    keys[other] = key;
                    ids[other] = id;
                }
            }
            workgroupBarrier();
        }
    }
}

// Suppresses from the highest score down, and writes what is kept.
fn suppress(image: u32, count: u32, thread: u32) -> u32 {
    for (var slot = thread; slot < count; slot += THREADS) {
        rects[slot] = decode_rect(image * params.priors + ids[slot], prior(ids[slot]));
        alive[slot] = 1u;
    }
    var kept = 0u;
    for (var winner = 0u; winner < count; winner++) {
        if (workgroupUniformLoad(&alive[winner]) == 0u) {
            continue;
        }
        if (thread < ROW && kept < params.max_boxes) {
            write_row(image, ids[winner], 1u + kept, thread);
        }
        kept++;
        for (var slot = winner + 1u + thread; slot < count; slot += THREADS) {
            if (overlap(rects[winner], rects[slot]) > params.max_iou) {
                alive[slot] = 0u;
            }
        }
    }
    return kept;
}

@compute @workgroup_size(THREADS)
fn boxes(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32) {
    // Surplus workgroups of the grid's last line redo the last image; they write the same again.
    let image = min(group.x + group.y * groups.x, params.images - 1u);
    find_best(image, thread);
    let found = collect(image, thread);
    let count = min(found, CAPACITY);
    sort(count, thread);
    let kept = suppress(image, count, thread);
    if (thread == 0u) {
        results[result_at(image) + 1u] = found;
        results[result_at(image) + 2u] = kept;
    }
}
