// CTC: the twin of cpu.rs up to the choices of each step. A workgroup works on one row of scores (a step or a slot).
//
// Scores are compared as whole numbers of the same order, so that NaN is a number below all others and no driver's
// floating-point shortcuts matter.

const THREADS: u32 = 128u;
// The greedy class and its best alternatives: MAX_CANDIDATES.
const CHOICES: u32 = 5u;
const NONE: u32 = 0xffffffffu;
// Scores that a lane reads before it looks at the first of them.
const AHEAD: u32 = 4u;
const NEGATIVE_INFINITY_KEY: u32 = 0x007fffffu;
const POSITIVE_INFINITY_KEY: u32 = 0xff800000u;

struct Params {
    rows: u32,
    classes: u32,
    // Rows a sequence, by which the step before the first is known to be none.
    steps: u32,
    // 0 fixed slots, 1 CTC with class 0 as the blank.
    is_ctc: u32,
    // Whether a softmax is still to be taken.
    are_logits: u32,
}

struct Row {
    // The greedy class, NONE where no score is finite.
    best: u32,
    // How many of the following there are; 0 where the step writes nothing.
    count: u32,
    classes: array<u32, CHOICES>,
    probabilities: array<f32, CHOICES>,
}

@group(0) @binding(0) var<storage, read> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
// The character that a class writes, or NONE.
@group(0) @binding(2) var<storage, read> written: array<u32>;
@group(0) @binding(3) var<storage, read_write> rows: array<Row>;

var<workgroup> taken: array<u32, CHOICES>;
var<workgroup> emits: u32;

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

@compute @workgroup_size(THREADS)
fn argmax(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    lane: Lane) {
    let thread = lane.index;
    let row = group.x + group.y * groups.x;
    // Surplus workgroups of the last line of the grid have no row.
    var key = 0u;
    var id = NONE;
    if (row < params.rows) {
        // Some at a time: one after the other, reads would be waited for and not the memory be busy.
        for (var first = thread; first < params.classes; first += THREADS * AHEAD) {
            var keys: array<u32, AHEAD>;
            for (var i = 0u; i < AHEAD; i++) {
                let class_ = first + i * THREADS;
                if (class_ < params.classes) {
                    keys[i] = order(scores[row * params.classes + class_]);
                }
            }
            for (var i = 0u; i < AHEAD; i++) {
                if (keys[i] > key) {
                    key = keys[i];
                    id = first + i * THREADS;
                }
            }
        }
    }
    let found = reduce_best(lane, key, id);
    if (thread == 0u && row < params.rows) {
        let is_finite = found.x > NEGATIVE_INFINITY_KEY && found.x < POSITIVE_INFINITY_KEY;
        rows[row].best = select(NONE, found.y, is_finite);
        rows[row].count = 0u;
    }
}

// Whether a row writes something; every row does in fixed slots.
fn row_emits(row: u32) -> bool {
    let best = rows[row].best;
    if (best == NONE || params.is_ctc == 0u) {
        return best != NONE;
    }
    var before = 0u;
    if (row % params.steps > 0u) {
        before = rows[row - 1u].best;
    }
    return best != 0u && best != before && written[best] != NONE;
}

// Whether a class may be an alternative: what it writes is not among the choices so far.
fn is_offered(class_: u32, count: u32) -> bool {
    let character = written[class_];
    if (params.is_ctc != 0u && character == NONE) {
        return false;
    }
    for (var i = 0u; i < count; i++) {
        if (taken[i] == character) {
            return false;
        }
    }
    return true;
}

@compute @workgroup_size(THREADS)
fn choices(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    lane: Lane) {
    let thread = lane.index;
    let row = group.x + group.y * groups.x;
    if (thread == 0u) {
        emits = 0u;
        if (row < params.rows && row_emits(row)) {
            emits = 1u;
            taken[0] = written[rows[row].best];
        }
    }
    if (workgroupUniformLoad(&emits) == 0u) {
        return;
    }
    let start = row * params.classes;
    let best = rows[row].best;
    var total = 1.0;
    if (params.are_logits != 0u) {
        total = reduce_total(lane, start, best);
    }
    if (thread == 0u) {
        rows[row].classes[0] = best;
        rows[row].probabilities[0] = probability(start + best, start + best, total);
    }
    var count = 1u;
    for (var round = 1u; round < CHOICES; round++) {
        var key = NEGATIVE_INFINITY_KEY;
        var id = NONE;
        for (var class_ = thread; class_ < params.classes; class_ += THREADS) {
            let own = order(scores[start + class_]);
            if (own > key && class_ != best && is_offered(class_, round)) {
                key = own;
                id = class_;
            }
        }
        let next = reduce_best(lane, key, id);
        if (thread == 0u) {
            emits = next.y;
        }
        let found = workgroupUniformLoad(&emits);
        if (found == NONE) {
            break;
        }
        if (thread == 0u) {
            taken[round] = written[found];
            rows[row].classes[round] = found;
            rows[row].probabilities[round] = probability(start + found, start + best, total);
        }
        workgroupBarrier();
        count = round + 1u;
    }
    if (thread == 0u) {
        rows[row].count = count;
    }
}

// The softmax's denominator, relative to the greedy class.
fn reduce_total(lane: Lane, start: u32, best: u32) -> f32 {
    var own = 0.0;
    for (var class_ = lane.index; class_ < params.classes; class_ += THREADS) {
        own += exp(scores[start + class_] - scores[start + best]);
    }
    return reduce_sum(lane, own);
}

fn probability(at: u32, best: u32, total: f32) -> f32 {
    if (params.are_logits == 0u) {
        return scores[at];
    }
    return exp(scores[at] - scores[best]) / total;
}
