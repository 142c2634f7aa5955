//! What a net's tensors are stored as on a GPU.

use super::graph::Info;
use super::{Graph, Kind, Tensor};

/// The largest 16-bit float.
pub(crate) const MOST: f32 = 65_504.0;
/// The smallest 16-bit float with all of its digits.
const LEAST: f32 = 6.103_515_6e-5;
/// Constants with fewer elements stay as they are: biases and scales weigh little and are worth their digits.
const FEW: usize = 1024;

/// What a net's tensors are stored as on a GPU. Sums are 32-bit floats in any case, and so are inputs and outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// 16-bit floats, where the GPU has them: 11 binary digits, so that each value is off by 2⁻¹¹ of itself (2⁻¹⁰ where
    /// a driver cuts off in place of rounding), and none is beyond ±65,504: what would be is held there.
    F16,
}

/// Which tensors are stored as 16-bit floats: those that operations make for each other, and large constants that keep
/// their digits.
pub(crate) fn halves(graph: &Graph, precision: Precision) -> Vec<bool> {
    let may_be = |(index, info): (usize, &Info)| match &info.kind {
        Kind::Input(_) => false,
        Kind::Computed => !graph.is_output(Tensor(index)),
        Kind::Constant(values) => values.len() >= FEW && keeps_digits(values),
    };
    graph.tensors.iter().enumerate().map(|tensor| precision == Precision::F16 && may_be(tensor)).collect()
}

/// Whether the largest of the values is within the range that 16-bit floats have all digits in; so is none a number
/// that they do not have.
fn keeps_digits(values: &[f32]) -> bool {
    let most = values.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    (most == 0.0 || (LEAST..=MOST).contains(&most)) && !values.iter().any(|value| value.is_nan())
}

/// The 16-bit float nearest to a value, its bits; of two the even one. What is beyond the range is the largest.
pub(crate) fn half(value: f32) -> u16 {
    let sign = ((value.to_bits() >> 16) & 0x8000) as u16;
    let value = value.abs();
    if value.is_nan() {
        return sign | 0x7e00;
    }
    if value < LEAST {
        // A multiple of 2⁻²⁴: added to 0.5, whose digits end there, it is rounded as sums are.
        return sign | (value + 0.5).to_bits() as u16;
    }
    let bits = value.min(MOST).to_bits();
    // Of the digits that go, more than half rounds up, and so does half of an odd one. A carry goes into the exponent.
    let rounded = (bits + 0xfff + ((bits >> 13) & 1)) >> 13;
    sign | (rounded - ((127 - 15) << 10)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 16-bit float by its definition.
    fn whole(bits: u16) -> f32 {
        let (exponent, digits) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023) / 1024.0);
        let value = if exponent == 0 { digits * 2f32.powi(-14) } else { (1.0 + digits) * 2f32.powi(exponent - 15) };
        if bits & 0x8000 == 0 { value } else { -value }
    }

    #[test]
    fn every_half_is_itself_and_the_nearest_of_what_lies_around_it() {
        for bits in 0..0x7c00u16 {
            let value = whole(bits);
            assert_eq!((half(value), half(-value)), (bits, bits | 0x8000), "{value}");
            if bits < 0x7bff {
                let (next, middle) = (whole(bits + 1), f32::midpoint(value, whole(bits + 1)));
                let even = bits + (bits & 1);
                assert_eq!(half(middle), even, "between {value} and {next}");
                assert_eq!((half(middle.next_down()), half(middle.next_up())), (bits, bits + 1));
            }
        }
        assert_eq!([f32::INFINITY, -1e30, 65_519.0].map(half), [0x7bff, 0xfbff, 0x7bff]);
        assert_eq!(half(f32::NAN) & 0x7fff, 0x7e00);
    }

    #[test]
    fn constants_out_of_range_stay() {
        for (value, keeps) in [(1.0, true), (0.0, true), (1e5, false), (1e-5, false), (f32::NAN, false)] {
            let mut graph = Graph::default();
            graph.constant(vec![value; FEW]);
            graph.constant(vec![value; FEW - 1]);
            assert_eq!(halves(&graph, Precision::F16), [keeps, false], "{value}");
            assert_eq!(halves(&graph, Precision::F32), [false, false]);
        }
    }
}
