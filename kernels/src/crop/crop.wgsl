// Crop: the twin of cpu.rs. Pixels of the whole batch are numbered crop by crop, row by row.

struct Shared {
    // Of red, green and blue: value * scale + offset.
    scale: vec4<f32>,
    offset: vec4<f32>,
    // The planes that red, green and blue go to.
    plane: vec4<u32>,
    // Width and height of a crop, number of crops.
    size: vec4<u32>,
}

struct Job {
    window: Window,
    // 0 bilinear, 1 area, 2 through the homography.
    kind: u32,
    // Row-major; only for kind 2.
    homography: array<f32, 9>,
    // Of the output, that the crop becomes.
    image: u32,
}

@group(0) @binding(1) var<storage, read> params: Shared;
@group(0) @binding(2) var<storage, read> jobs: array<Job>;
// Bytes, four a word, or the bits of floats.
@group(0) @binding(3) var<storage, read_write> crops: array<u32>;

fn warped(job: u32, x: u32, y: u32) -> vec3<f32> {
    let window = jobs[job].window;
    let place = vec3<f32>(f32(x), f32(y), 1.0);
    var rows: array<f32, 3>;
    for (var row = 0u; row < 3u; row++) {
        let at = row * 3u;
        rows[row] = jobs[job].homography[at] * place.x + jobs[job].homography[at + 1u] * place.y
            + jobs[job].homography[at + 2u];
    }
    let last = vec2<f32>(f32(window.width - 1u), f32(window.height - 1u));
    // Clamped before it becomes an index, so the pixels below exist whatever the homography is.
    let at = clamp(vec2<f32>(rows[0], rows[1]) / rows[2], vec2<f32>(0.0), last);
    let low = min(vec2<u32>(at), vec2<u32>(window.width - 1u, window.height - 1u));
    let high = min(low + 1u, vec2<u32>(window.width - 1u, window.height - 1u));
    let part = at - vec2<f32>(low);
    let top = mix(window_pixel(window, low.x, low.y), window_pixel(window, high.x, low.y), part.x);
    let bottom = mix(window_pixel(window, low.x, high.y), window_pixel(window, high.x, high.y), part.x);
    return mix(top, bottom, part.y);
}

// The colour of a pixel of the batch.
fn crop_pixel(pixel: u32) -> vec3<f32> {
    let area = params.size.x * params.size.y;
    let job = pixel / area;
    let x = pixel % area % params.size.x;
    let y = pixel % area / params.size.x;
    switch (jobs[job].kind) {
        case 0u: { return resample_bilinear(jobs[job].window, params.size.xy, x, y); }
        case 1u: { return resample_area(jobs[job].window, params.size.xy, x, y); }
        default: { return warped(job, x, y); }
    }
}

// Twelve bytes of crops that have so many `bytes` each. Crops that are not written in their own order have whole words
// each, so all twelve are of one.
fn write_words(index: u32, words: array<u32, 3>, bytes: u32) {
    let job = index * 12u / bytes;
    let moved = (jobs[job].image - job) * (bytes / 4u);
    // The last words may reach beyond the bytes asked for, but not beyond their words.
    let needed = (bytes * params.size.z + 3u) / 4u;
    var kept = words;
    for (var i = 0u; i < 3u; i++) {
        if (index * 3u + i < needed) {
            crops[moved + index * 3u + i] = kept[i];
        }
    }
}

// One invocation four pixels: twelve bytes, three words.
@compute @workgroup_size(64)
fn crop_u8(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = id.x + id.y * groups.x * 64u;
    let total = params.size.x * params.size.y * params.size.z;
    if (index * 4u >= total) {
        return;
    }
    var words = array<u32, 3>(0u, 0u, 0u);
    for (var i = 0u; i < 4u; i++) {
        if (index * 4u + i < total) {
            let level = vec3<u32>(crop_pixel(index * 4u + i) + 0.5);
            for (var channel = 0u; channel < 3u; channel++) {
                let byte = i * 3u + channel;
                words[byte >> 2u] |= min(level[channel], 255u) << ((byte & 3u) * 8u);
            }
        }
    }
    write_words(index, words, params.size.x * params.size.y * 3u);
}

// The nearest levels of a pixel of a crop, the last ones where it lies beyond.
fn levels(job: u32, x: u32, y: u32) -> vec3<f32> {
    let size = params.size.xy;
    let pixel = (job * size.y + min(y, size.y - 1u)) * size.x + min(x, size.x - 1u);
    return min(floor(crop_pixel(pixel) + 0.5), vec3<f32>(255.0));
}

fn byte(value: f32) -> u32 {
    return min(u32(max(value, 0.0) + 0.5), 255u);
}

// One invocation two blocks of four pixels: twelve bytes, three words. ITU-T T.871, as in ycc.rs.
@compute @workgroup_size(64)
fn crop_ycc(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = id.x + id.y * groups.x * 64u;
    let across = (params.size.x + 1u) / 2u;
    let blocks = across * ((params.size.y + 1u) / 2u);
    let total = blocks * params.size.z;
    if (index * 2u >= total) {
        return;
    }
    var words = array<u32, 3>(0u, 0u, 0u);
    for (var i = 0u; i < 2u; i++) {
        let block = index * 2u + i;
        if (block < total) {
            let x = block % blocks % across * 2u;
            let y = block % blocks / across * 2u;
            var sum = vec3<f32>(0.0);
            for (var at = 0u; at < 6u; at++) {
                var value: f32;
                if (at < 4u) {
                    let pixel = levels(block / blocks, x + (at & 1u), y + (at >> 1u));
                    sum += pixel;
                    value = dot(pixel, vec3<f32>(0.299, 0.587, 0.114));
                } else if (at == 4u) {
                    value = 128.0 + dot(sum * 0.25, vec3<f32>(-0.1687359, -0.3312641, 0.5));
                } else {
                    value = 128.0 + dot(sum * 0.25, vec3<f32>(0.5, -0.4186876, -0.0813124));
                }
                let place = i * 6u + at;
                words[place >> 2u] |= byte(value) << ((place & 3u) * 8u);
            }
        }
    }
    write_words(index, words, blocks * 6u);
}

// One invocation a pixel.
@compute @workgroup_size(64)
fn crop_f32(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = id.x + id.y * groups.x * 64u;
    let area = params.size.x * params.size.y;
    if (index >= area * params.size.z) {
        return;
    }
    let value = crop_pixel(index) * params.scale.xyz + params.offset.xyz;
    let at = jobs[index / area].image * 3u * area + index % area;
    for (var channel = 0u; channel < 3u; channel++) {
        crops[at + params.plane[channel] * area] = bitcast<u32>(value[channel]);
    }
}
