// Quality: the twin of cpu.rs. A workgroup sums up a run of CHUNK pixels of one crop; the CPU adds the runs up.
// Everything counts in whole numbers, so the order of the additions does not matter.

struct Crop {
    offset: u32,
    stride: u32,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

const CHUNK: u32 = 16384u;
const THREADS: u32 = 128u;
const DARK: i32 = 8;
const BRIGHT: i32 = 247;

// RGB bytes, four a word, one word more than they need.
@group(0) @binding(0) var<storage, read> photos: array<u32>;
@group(0) @binding(1) var<storage, read> crops: array<Crop>;
// For each crop and run: luma, dark, bright, Laplacian, its square as low and high word. Runs beyond a crop's end
// give zeros.
@group(0) @binding(2) var<storage, read_write> sums: array<array<u32, 6>>;

var<workgroup> partial: array<array<u32, 6>, THREADS>;

fn luma(crop: Crop, x: u32, y: u32) -> i32 {
    let at = crop.offset + ((crop.y + y) * crop.stride + crop.x + x) * 3u;
    let word = at >> 2u;
    let shift = (at & 3u) * 8u;
    let bits = (photos[word] >> shift) | select(photos[word + 1u] << ((32u - shift) & 31u), 0u, shift == 0u);
    return i32((77u * (bits & 255u) + 150u * ((bits >> 8u) & 255u) + 29u * ((bits >> 16u) & 255u) + 128u) >> 8u);
}

fn laplacian(crop: Crop, x: u32, y: u32, centre: i32) -> i32 {
    let beside = luma(crop, x - 1u, y) + luma(crop, x + 1u, y);
    return beside + luma(crop, x, y - 1u) + luma(crop, x, y + 1u) - 4 * centre;
}

// All but the last two are single words: a run's sums are at most CHUNK · 1020 < 2³¹. The square needs two.
fn add(a: array<u32, 6>, b: array<u32, 6>) -> array<u32, 6> {
    let low = a[4] + b[4];
    return array<u32, 6>(a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], low, a[5] + b[5] + u32(low < a[4]));
}

@compute @workgroup_size(THREADS)
fn quality(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32) {
    let crop = crops[group.y];
    let end = min((group.x + 1u) * CHUNK, crop.width * crop.height);
    var own = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 0u);
    for (var pixel = group.x * CHUNK + thread; pixel < end; pixel += THREADS) {
        let x = pixel % crop.width;
        let y = pixel / crop.width;
        let centre = luma(crop, x, y);
        var edge = 0;
        if (x > 0u && y > 0u && x + 1u < crop.width && y + 1u < crop.height) {
            edge = laplacian(crop, x, y, centre);
        }
        own = add(own, array<u32, 6>(u32(centre), u32(centre <= DARK), u32(centre >= BRIGHT), bitcast<u32>(edge),
            u32(edge * edge), 0u));
    }
    partial[thread] = own;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) {
            partial[thread] = add(partial[thread], partial[thread + half]);
        }
    }
    if (thread == 0u) {
        sums[group.y * groups.x + group.x] = partial[0];
    }
}
