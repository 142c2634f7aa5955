//! Levels of red, green and blue to blocks of brightness and colour.

/// Bytes of a block.
pub(super) const BLOCK: usize = 6;

/// ITU-T T.871: of red, green and blue to brightness, blue difference and red difference.
const TO_YCC: [[f32; 3]; 3] =
    [[0.299, 0.587, 0.114], [-0.168_735_9, -0.331_264_1, 0.5], [0.5, -0.418_687_6, -0.081_312_4]];

/// Makes blocks of interleaved levels `[height, width, 3]`.
pub(super) fn to_blocks(rgb: &[u8], (width, height): (usize, usize), out: &mut [u8]) {
    let across = width.div_ceil(2);
    for (index, block) in out.chunks_exact_mut(BLOCK).enumerate() {
        let (x, y) = (index % across * 2, index / across * 2);
        let mut sum = [0.0; 3];
        for (at, [dx, dy]) in [[0, 0], [1, 0], [0, 1], [1, 1]].into_iter().enumerate() {
            let pixel = ((y + dy).min(height - 1) * width + (x + dx).min(width - 1)) * 3;
            let levels = [0, 1, 2].map(|channel| f32::from(rgb[pixel + channel]));
            block[at] = level(0.0, TO_YCC[0], levels);
            sum = [0, 1, 2].map(|channel| sum[channel] + levels[channel]);
        }
        let mean = sum.map(|sum: f32| sum * 0.25);
        (block[4], block[5]) = (level(128.0, TO_YCC[1], mean), level(128.0, TO_YCC[2], mean));
    }
}

fn level(offset: f32, [red, green, blue]: [f32; 3], of: [f32; 3]) -> u8 {
    super::to_level(offset + red * of[0] + green * of[1] + blue * of[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_has_no_colour_and_edges_count_twice() {
        let mut out = [0; 2 * 2 * BLOCK];
        to_blocks(&[90; 3 * 3 * 3], (3, 3), &mut out);
        assert!(out.chunks_exact(BLOCK).all(|block| block == [90, 90, 90, 90, 128, 128]), "{out:?}");
        let mut one = [0; BLOCK];
        to_blocks(&[255, 0, 0], (1, 1), &mut one);
        assert_eq!(one, [76, 76, 76, 76, 85, 255]);
    }
}
