// Dequantisation and the inverse cosine transforms: the twin of idct.rs, to the bit. Eight invocations a block.
//
// Every block of the window is one of the photo's, because the window lies in its grid of MCUs; places in the tile are
// block * 64 and less than 64.

const THREADS: u32 = 64u;
const BLOCKS: u32 = 8u;

// Steps in zigzag order, two a word, 32 words a table.
@group(0) @binding(1) var<storage, read> quants: array<u32>;
@group(0) @binding(2) var<storage, read> coefficients: array<u32>;
@group(0) @binding(3) var<storage, read_write> samples: array<u32>;

var<workgroup> tile: array<i32, 512>;
var<workgroup> has_ac: array<u32, 64>;

const ZIGZAG = array<u32, 64>(
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
);

// What 16 bits hold of a number.
fn short(value: i32) -> i32 {
    return (value << 16u) >> 16u;
}

// Shifts right, rounded.
fn down(value: i32, shift: u32) -> i32 {
    return short((value + (1 << (shift - 1u))) >> shift);
}

fn level(value: i32) -> u32 {
    return u32(clamp(value + 128, 0, 255));
}

fn rotate(low: i32, high: i32) -> vec2<i32> {
    let both = short(low + high) * 4433;
    return vec2<i32>(both + low * 6270, both - high * 15137);
}

fn pass8(x: array<i32, 8>, shift: u32) -> array<i32, 8> {
    let turned = rotate(x[2], x[6]);
    let sum = short(x[0] + x[4]) * 8192;
    let difference = short(x[0] - x[4]) * 8192;
    let even = vec4<i32>(sum + turned.x, difference + turned.y, difference - turned.y, sum - turned.x);
    let z3 = short(x[7] + x[3]);
    let z4 = short(x[5] + x[1]);
    let z5 = short(z3 + z4) * 9633;
    let z1 = short(x[7] + x[1]) * 7373;
    let z2 = short(x[5] + x[3]) * 20995;
    let w3 = z5 - z3 * 16069;
    let w4 = z5 - z4 * 3196;
    let odd = vec4<i32>(x[1] * 12299 + w4 - z1, x[3] * 25172 + w3 - z2, x[5] * 16819 + w4 - z2, x[7] * 2446 + w3 - z1);
    let up = even + odd;
    let low = even - odd;
    return array<i32, 8>(
        down(up.x, shift), down(up.y, shift), down(up.z, shift), down(up.w, shift),
        down(low.w, shift), down(low.z, shift), down(low.y, shift), down(low.x, shift),
    );
}

fn pass4(x: array<i32, 8>, shift: u32) -> array<i32, 8> {
    let turned = rotate(x[1], x[3]);
    let sum = short(x[0] + x[2]) * 8192;
    let difference = short(x[0] - x[2]) * 8192;
    return array<i32, 8>(
        down(sum + turned.x, shift), down(difference + turned.y, shift),
        down(difference - turned.y, shift), down(sum - turned.x, shift), 0, 0, 0, 0,
    );
}

fn one_pass(x: array<i32, 8>, size: u32, shift: u32) -> array<i32, 8> {
    if (size == 8u) {
        return pass8(x, shift);
    }
    return pass4(x, shift);
}

// The job whose blocks a workgroup transforms.
fn find_job(group: u32) -> u32 {
    var low = 0u;
    var high = arrayLength(&jobs);
    while (high - low > 1u) {
        let middle = (low + high) / 2u;
        if (jobs[middle].first_transform <= group) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// Four levels, the first one lowest.
fn pack(a: u32, b: u32, c: u32, d: u32) -> u32 {
    return a | (b << 8u) | (c << 16u) | (d << 24u);
}

// The 2×2 and 1×1 samples, at most one word.
fn small_block(block: u32, size: u32) -> u32 {
    let dc = tile[block * 64u];
    if (size == 1u) {
        return level(short(dc + 4) >> 3u);
    }
    let across = tile[block * 64u + 1u];
    let below = tile[block * 64u + 8u];
    let both = tile[block * 64u + 9u];
    let left = vec2<i32>(short(dc + across), short(below + both));
    let right = vec2<i32>(short(dc - across), short(below - both));
    return pack(
        level(short(left.x + left.y + 4) >> 3u), level(short(right.x + right.y + 4) >> 3u),
        level(short(left.x - left.y + 4) >> 3u), level(short(right.x - right.y + 4) >> 3u),
    );
}

@compute @workgroup_size(64)
fn transform(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let group = id.x + id.y * groups.x;
    let job = jobs[find_job(group)];
    let block = index / 8u;
    let lane = index % 8u;
    let number = (group - job.first_transform) * BLOCKS + block;
    let mcu = number / job.slots;
    let slot = number % job.slots;
    let is_active = mcu < job.mcu_width * job.mcu_height;
    let component = select(slot - job.luma_slots + 1u, 0u, slot < job.luma_slots);
    let shift = select(job.chroma_shift, job.luma_shift, component == 0u);
    let size = 1u << shift;
    var ac = 0u;
    if (is_active) {
        let row = job.mcu_y + mcu / job.mcu_width;
        let column = job.mcu_x + mcu % job.mcu_width;
        let start = (job.first_block + (row * job.mcus_across + column) * job.slots + slot) * 32u;
        var zigzag = ZIGZAG;
        for (var i = 0u; i < 4u; i++) {
            let at = lane * 4u + i;
            let two = coefficients[start + at];
            let steps = quants[job.quants[component] * 32u + at];
            ac |= select(two, two & 0xffff0000u, at == 0u);
            let low = short(bitcast<i32>(two)) * i32(steps & 0xffffu);
            let high = (bitcast<i32>(two) >> 16u) * i32(steps >> 16u);
            tile[block * 64u + zigzag[2u * at]] = short(low);
            tile[block * 64u + zigzag[2u * at + 1u]] = short(high);
        }
    }
    has_ac[index] = ac;
    workgroupBarrier();
    for (var i = 0u; i < 8u; i++) {
        ac |= has_ac[block * 8u + i];
    }
    var x: array<i32, 8>;
    let is_full = is_active && ac != 0u && size >= 4u && lane < size;
    if (is_full) {
        for (var i = 0u; i < size; i++) {
            x[i] = tile[block * 64u + i * 8u + lane];
        }
        x = one_pass(x, size, 11u);
        for (var i = 0u; i < size; i++) {
            tile[block * 64u + i * 8u + lane] = x[i];
        }
    }
    workgroupBarrier();
    if (!is_active || lane >= size) {
        return;
    }
    let to = block_place(job, mcu, slot);
    if (ac == 0u) {
        let one = level(short(tile[block * 64u] + 4) >> 3u);
        fill(to, lane, size, pack(one, one, one, one));
        return;
    }
    if (size < 4u) {
        fill(to, lane, size, small_block(block, size));
        return;
    }
    for (var i = 0u; i < size; i++) {
        x[i] = tile[block * 64u + lane * 8u + i];
    }
    x = one_pass(x, size, 18u);
    samples[to + lane * (size / 4u)] = pack(level(x[0]), level(x[1]), level(x[2]), level(x[3]));
    if (size == 8u) {
        samples[to + lane * 2u + 1u] = pack(level(x[4]), level(x[5]), level(x[6]), level(x[7]));
    }
}

// Writes a row of a block whose words are all the same; the smallest blocks have one word in all.
fn fill(to: u32, lane: u32, size: u32, word: u32) {
    let words = max(1u, size / 4u);
    if (size >= 4u || lane == 0u) {
        for (var i = 0u; i < words; i++) {
            samples[to + lane * words + i] = word;
        }
    }
}
