// From samples to upright RGB: the twin of colour.rs, to the bit. An invocation makes four pixels, which are three words.
//
// Samples are looked up in the window's MCUs alone: it covers the rectangle and one chroma sample around it, and places
// beyond the planes are clamped. The last pixels of a picture may fill their last words in part; none are written
// beyond the words that its pixels take.

@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read_write> pixels: array<u32>;

// The job whose pixels a workgroup makes.
fn find_job(group: u32) -> u32 {
    var low = 0u;
    var high = arrayLength(&jobs);
    while (high - low > 1u) {
        let middle = (low + high) / 2u;
        if (jobs[middle].first_colour <= group) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

fn level_at(word: u32, index: u32) -> i32 {
    return i32((samples[word + (index >> 2u)] >> ((index & 3u) * 8u)) & 255u);
}

fn luma(job: Job, x: u32, y: u32) -> i32 {
    let shift = job.luma_shift;
    let mask = (1u << shift) - 1u;
    let block = vec2<u32>(x >> shift, y >> shift);
    let deep = job.luma_slots / job.luma_across;
    let mcu = vec2<u32>(block.x / job.luma_across - job.mcu_x, block.y / deep - job.mcu_y);
    let slot = (block.y % deep) * job.luma_across + block.x % job.luma_across;
    return level_at(block_place(job, mcu.y * job.mcu_width + mcu.x, slot), ((y & mask) << shift) + (x & mask));
}

// Both chroma samples at a place of their planes.
fn chroma(job: Job, x: u32, y: u32) -> vec2<i32> {
    let shift = job.chroma_shift;
    let mask = (1u << shift) - 1u;
    let mcu = ((y >> shift) - job.mcu_y) * job.mcu_width + (x >> shift) - job.mcu_x;
    let blue = block_place(job, mcu, job.luma_slots);
    let index = ((y & mask) << shift) + (x & mask);
    return vec2<i32>(level_at(blue, index), level_at(blue + block_words(shift), index));
}

// A column of chroma at the luma's height, before it is shifted down: three parts near, one part far.
fn blend(job: Job, x: u32, near: u32, far: u32) -> vec2<i32> {
    if (job.down == 1u) {
        return chroma(job, x, near);
    }
    return 3 * chroma(job, x, near) + chroma(job, x, far);
}

// Chroma at a pixel, with libjpeg's roundings.
fn upsampled(job: Job, x: u32, y: u32) -> vec2<i32> {
    let column = x / job.across;
    let near = y / job.down;
    if (job.is_fancy == 0u || (job.across == 1u && job.down == 1u)) {
        return chroma(job, column, near);
    }
    let is_lower = (y & 1u) == 1u;
    let far = select(max(near, 1u) - 1u, min(near + 1u, job.chroma_height - 1u), is_lower);
    if (job.across == 1u) {
        return (blend(job, column, near, far) + 1 + i32(y & 1u)) >> vec2<u32>(2u);
    }
    let is_right = (x & 1u) == 1u;
    let beside = select(max(column, 1u) - 1u, min(column + 1u, job.chroma_width - 1u), is_right);
    let sum = 3 * blend(job, column, near, far) + blend(job, beside, near, far);
    if (job.down == 1u) {
        return (sum + select(1, 2, is_right)) >> vec2<u32>(2u);
    }
    return (sum + select(8, 7, is_right)) >> vec2<u32>(4u);
}

// value * by / 2¹⁶ to the nearest whole number, halves upwards.
fn scaled(value: i32, by: i32) -> i32 {
    return (((2 * value * by) >> 16u) + 1) >> 1u;
}

fn to_rgb(y: i32, chroma: vec2<i32>) -> u32 {
    let blue = chroma.x - 128;
    let red = chroma.y - 128;
    let green = ((red * 18734 - blue * 22554 + 32768) >> 16u) - red;
    let parts = vec3<i32>(red + scaled(red, 26345), green, 2 * blue + scaled(blue, -14942));
    let levels = vec3<u32>(clamp(y + parts, vec3<i32>(0), vec3<i32>(255)));
    return levels.x | (levels.y << 8u) | (levels.z << 16u);
}

// The stored pixel at a place of the upright picture.
fn pixel(job: Job, x: u32, y: u32) -> u32 {
    var at = select(vec2<u32>(x, y), vec2<u32>(y, x), (job.orientation & 1u) != 0u);
    if ((job.orientation & 2u) != 0u) {
        at.x = job.width - 1u - at.x;
    }
    if ((job.orientation & 4u) != 0u) {
        at.y = job.height - 1u - at.y;
    }
    at += vec2<u32>(job.x, job.y);
    let y_level = luma(job, at.x, at.y);
    if (job.slots == job.luma_slots) {
        return u32(y_level) * 0x10101u;
    }
    return to_rgb(y_level, upsampled(job, at.x, at.y));
}

@compute @workgroup_size(64)
fn colour(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = id.x + id.y * groups.x;
    let job = jobs[find_job(group)];
    let first = ((group - job.first_colour) * 64u + lane) * 4u;
    let count = job.width * job.height;
    if (first >= count) {
        return;
    }
    let across = select(job.width, job.height, (job.orientation & 1u) != 0u);
    var four: array<u32, 4>;
    let held = min(4u, count - first);
    for (var i = 0u; i < held; i++) {
        four[i] = pixel(job, (first + i) % across, (first + i) / across);
    }
    let to = job.out + first / 4u * 3u;
    pixels[to] = four[0] | (four[1] << 24u);
    if (held > 1u) {
        pixels[to + 1u] = (four[1] >> 8u) | (four[2] << 16u);
    }
    if (held > 2u) {
        pixels[to + 2u] = (four[2] >> 16u) | (four[3] << 8u);
    }
}
