// Letterbox: the twin of cpu.rs, one invocation an output pixel, one layer of workgroups a photo.

struct Shared {
    // Of red, green and blue: value * scale + offset.
    scale: vec4<f32>,
    offset: vec4<f32>,
    // Of the planes in output order.
    pad: vec4<f32>,
    // The planes that red, green and blue go to.
    plane: vec4<u32>,
    // Width and height of the tensor.
    size: vec4<u32>,
}

struct Job {
    window: Window,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    is_area: u32,
    // Of the tensor.
    image: u32,
}

@group(0) @binding(1) var<storage, read> params: Shared;
@group(0) @binding(2) var<storage, read> jobs: array<Job>;
@group(0) @binding(3) var<storage, read_write> tensor: array<f32>;

@compute @workgroup_size(32, 8)
fn letterbox(@builtin(global_invocation_id) id: vec3<u32>) {
    let size = params.size.xy;
    if (id.x >= size.x || id.y >= size.y) {
        return;
    }
    let job = jobs[id.z];
    let area = size.x * size.y;
    let at = job.image * 3u * area + id.y * size.x + id.x;
    // Left of or above the content these wrap round to something large.
    let x = id.x - job.x;
    let y = id.y - job.y;
    if (x >= job.width || y >= job.height) {
        for (var plane = 0u; plane < 3u; plane++) {
            tensor[at + plane * area] = params.pad[plane];
        }
        return;
    }
    let extent = vec2<u32>(job.width, job.height);
    var value: vec3<f32>;
    if (job.is_area != 0u) {
        value = resample_area(job.window, extent, x, y);
    } else {
        value = resample_bilinear(job.window, extent, x, y);
    }
    value = value * params.scale.xyz + params.offset.xyz;
    for (var channel = 0u; channel < 3u; channel++) {
        tensor[at + params.plane[channel] * area] = value[channel];
    }
}
