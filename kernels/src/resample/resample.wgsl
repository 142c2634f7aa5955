// Shared by letterbox and crop: the twin of resample/axis.rs and resample/cpu.rs.
//
// No side exceeds 32,767 and no buffer 2³² bytes, so that no product below leaves 32 bits: a position along an axis
// is at most (2 · 32767 + 1) · 32767 < 2³².

// A part of a photo: see WindowTable in gpu/photos.rs.
struct Window {
    offset: u32,
    stride: u32,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

// RGB bytes, four a word, one word more than they need.
@group(0) @binding(0) var<storage, read> photos: array<u32>;

// Red, green and blue of a pixel inside the window.
fn window_pixel(window: Window, x: u32, y: u32) -> vec3<f32> {
    let at = window.offset + ((window.y + y) * window.stride + window.x + x) * 3u;
    let word = at >> 2u;
    let shift = (at & 3u) * 8u;
    let low = photos[word] >> shift;
    // With a shift of 0 the next word adds nothing, and shifting by 32 is not defined.
    let high = select(photos[word + 1u] << ((32u - shift) & 31u), 0u, shift == 0u);
    let bits = low | high;
    return vec3<f32>(f32(bits & 255u), f32((bits >> 8u) & 255u), f32((bits >> 16u) & 255u));
}

// The average over what output pixel (x, y) of an extent.x × extent.y picture covers; extent <= the window's size.
// Coverage counts in units of 1 / extent source pixels.
fn resample_area(window: Window, extent: vec2<u32>, x: u32, y: u32) -> vec3<f32> {
    let size = vec2<u32>(window.width, window.height);
    let low = vec2<u32>(x, y) * size;
    let high = low + size;
    let first = low / extent;
    let last = (high + extent - 1u) / extent;
    var sum = vec3<f32>(0.0);
    // Ends at the window's last row and column, because high <= extent · size.
    for (var row = first.y; row < last.y; row++) {
        let tall = min(high.y, (row + 1u) * extent.y) - max(low.y, row * extent.y);
        var line = vec3<f32>(0.0);
        for (var column = first.x; column < last.x; column++) {
            let wide = min(high.x, (column + 1u) * extent.x) - max(low.x, column * extent.x);
            line += f32(wide) / f32(size.x) * window_pixel(window, column, row);
        }
        sum += f32(tall) / f32(size.y) * line;
    }
    return sum;
}

struct Tap {
    first: u32,
    second: u32,
    fraction: f32,
}

// The two neighbours of output index i along an axis: (i + 0.5) · source / extent - 0.5, over 2 · extent.
fn linear_tap(i: u32, source: u32, extent: u32) -> Tap {
    let whole = 2u * extent;
    let centre = (2u * i + 1u) * source;
    let position = min(centre - min(centre, extent), (source - 1u) * whole);
    let first = position / whole;
    return Tap(first, min(first + 1u, source - 1u), f32(position % whole) / f32(whole));
}

fn resample_bilinear(window: Window, extent: vec2<u32>, x: u32, y: u32) -> vec3<f32> {
    let h = linear_tap(x, window.width, extent.x);
    let v = linear_tap(y, window.height, extent.y);
    let top = mix(window_pixel(window, h.first, v.first), window_pixel(window, h.second, v.first), h.fraction);
    let bottom = mix(window_pixel(window, h.first, v.second), window_pixel(window, h.second, v.second), h.fraction);
    return mix(top, bottom, v.fraction);
}

