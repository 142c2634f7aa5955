//! A float picture and the antialiased filling of paths in it.

use super::geometry::{P2, mix3};
use super::path::Path;

/// Red, green, blue as shown, 0 to 1.
pub(super) type Rgb = [f32; 3];

/// Pixels in rows; may go beyond 0..1 until the picture is finished.
pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Rgb>,
    coverage: Vec<f32>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize, colour: Rgb) -> Self {
        Self { width, height, pixels: vec![colour; width * height], coverage: Vec::new() }
    }

    /// Fills a path with one colour.
    pub(super) fn fill(&mut self, path: &Path, colour: Rgb) {
        self.paint(path, |_| (colour, 1.0));
    }

    /// Fills a path with a colour and opacity that depend on the pixel.
    pub(super) fn paint(&mut self, path: &Path, at: impl Fn(P2) -> (Rgb, f32)) {
        let b = path.bounds();
        let clip = |v: f32, end: usize| v.clamp(0.0, end as f32) as usize;
        let (x0, x1) = (clip(b[0], self.width), clip(b[2] + 1.0, self.width));
        let (y0, y1) = (clip(b[1], self.height), clip(b[3] + 1.0, self.height));
        if x0 >= x1 || y0 >= y1 {
            return;
        }
        let mut area =
            Area { x: x0 as f32, y: y0 as f32, w: x1 - x0, h: y1 - y0, sums: std::mem::take(&mut self.coverage) };
        area.accumulate(path);
        for (row, y) in (y0..y1).enumerate() {
            let sums = &area.sums[row * area.stride()..][..area.w];
            let pixels = &mut self.pixels[y * self.width + x0..][..area.w];
            let mut winding = 0.0;
            for (i, (pixel, sum)) in pixels.iter_mut().zip(sums).enumerate() {
                winding += sum;
                let coverage = winding.abs().min(1.0);
                if coverage > 0.002 {
                    let (colour, alpha) = at([(x0 + i) as f32 + 0.5, y as f32 + 0.5]);
                    *pixel = mix3(*pixel, colour, coverage * alpha);
                }
            }
        }
        self.coverage = area.sums;
    }

    /// The colour between pixels, edges repeated.
    pub(super) fn sample(&self, p: P2) -> Rgb {
        let (x, y) =
            ((p[0] - 0.5).clamp(0.0, self.width as f32 - 1.0), (p[1] - 0.5).clamp(0.0, self.height as f32 - 1.0));
        let (i, j) = (x as usize, y as usize);
        let (right, below) = (usize::from(i + 1 < self.width), if j + 1 < self.height { self.width } else { 0 });
        let at = j * self.width + i;
        let (u, v) = (x - i as f32, y - j as f32);
        let top = mix3(self.pixels[at], self.pixels[at + right], u);
        mix3(top, mix3(self.pixels[at + below], self.pixels[at + below + right], u), v)
    }
}

/// Signed-area accumulation: each edge adds, in each row, how the area to its right changes; a running sum along the row is then
/// the winding number, in parts where an edge cuts the pixel. (The method of the `font-rs` rasteriser, R. Levien, 2016.)
struct Area {
    x: f32,
    y: f32,
    w: usize,
    h: usize,
    sums: Vec<f32>,
}

impl Area {
    /// One column more than the picture's: an edge at the right end spills there.
    fn stride(&self) -> usize {
        self.w + 2
    }

    fn accumulate(&mut self, path: &Path) {
        self.sums.clear();
        self.sums.resize(self.stride() * self.h, 0.0);
        for points in &path.contours {
            for (i, &a) in points.iter().enumerate() {
                self.edge(a, points[(i + 1) % points.len()]);
            }
        }
    }

    fn edge(&mut self, a: P2, b: P2) {
        let (a, b) = ([a[0] - self.x, a[1] - self.y], [b[0] - self.x, b[1] - self.y]);
        let (sign, top, bottom) = if a[1] < b[1] { (1.0, a, b) } else { (-1.0, b, a) };
        if top[1] >= bottom[1] || bottom[1] <= 0.0 || top[1] >= self.h as f32 {
            return;
        }
        let slope = (bottom[0] - top[0]) / (bottom[1] - top[1]);
        let mut y = top[1].max(0.0);
        let mut x = top[0] + (y - top[1]) * slope;
        let end = bottom[1].min(self.h as f32);
        while y < end {
            let row = y as usize;
            let next = end.min(row as f32 + 1.0);
            let next_x = x + (next - y) * slope;
            self.row(row, x, next_x, (next - y) * sign);
            (x, y) = (next_x, next);
        }
    }

    /// One edge's part in one row, `height` of it with its sign, between x = `a` and x = `b`.
    fn row(&mut self, row: usize, a: f32, b: f32, height: f32) {
        let limit = self.w as f32;
        let (a, b) = (a.min(b).clamp(0.0, limit), a.max(b).clamp(0.0, limit));
        let sums = &mut self.sums[row * (self.w + 2)..][..self.w + 2];
        let (first, last) = (a as usize, b as usize);
        if first == last || b - a < 1e-6 {
            let right = height * ((a + b) / 2.0 - first as f32);
            sums[first] += height - right;
            sums[first + 1] += right;
            return;
        }
        let per = height / (b - a);
        for (i, sum) in (first..).zip(sums[first..=last + 1].iter_mut()) {
            // Area right of the edge in column i, minus that in column i - 1.
            let inside = |column: f32| {
                let (from, to) = (a.max(column), b.min(column + 1.0));
                if to > from {
                    (per * (to - from), per * (to - from) * (column + 1.0 - (from + to) / 2.0))
                } else {
                    (0.0, 0.0)
                }
            };
            let column = i as f32;
            let here = inside(column);
            let before = if i > 0 { inside(column - 1.0) } else { (0.0, 0.0) };
            *sum += here.1 + before.0 - before.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(path: &Path) -> Canvas {
        let mut canvas = Canvas::new(20, 20, [0.0; 3]);
        canvas.fill(path, [1.0; 3]);
        canvas
    }

    fn area(canvas: &Canvas) -> f32 {
        canvas.pixels.iter().map(|p| p[0]).sum()
    }

    #[test]
    fn coverage_adds_up_to_the_area_of_the_shape() {
        let cases: [(Path, f32); 5] = [
            (Path::rect(2.25, 3.5, 7.75, 9.0), 5.5 * 5.5),
            (Path::polygon(&[[1.0, 1.0], [17.0, 4.3], [6.2, 18.1]]), 128.22),
            (Path::ellipse([10.0, 10.0], 8.0, 5.0), 125.7),
            (Path::rect(-30.0, 5.0, 50.0, 7.5), 50.0),
            (Path::rect(2.0, 2.0, 12.0, 12.0).minus(Path::rect(4.0, 4.0, 10.0, 10.0)), 64.0),
        ];
        for (path, want) in cases {
            let got = area(&painted(&path));
            assert!((got - want).abs() < want * 0.01, "{got} {want}");
        }
    }

    #[test]
    fn a_shape_outside_the_picture_paints_nothing() {
        assert_eq!(area(&painted(&Path::rect(25.0, 2.0, 30.0, 9.0))), 0.0);
        assert_eq!(area(&painted(&Path::rect(-9.0, -9.0, -1.0, -1.0))), 0.0);
    }
}
