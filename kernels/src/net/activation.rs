//! Functions of one value, as the epilogue of a product or on their own.

/// A function of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// The value itself.
    #[default]
    Identity,
    /// Negative values become zero.
    Relu,
    /// Negative values are multiplied by this.
    LeakyRelu(f32),
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `alpha · x + beta`, held in 0..=1.
    HardSigmoid {
        /// The slope.
        alpha: f32,
        /// The value at zero.
        beta: f32,
    },
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · (1 + erf(x / √2)) / 2`.
    Gelu,
    /// The hyperbolic tangent.
    Tanh,
    /// Multiplied by this.
    Scale(f32),
}

impl Activation {
    /// The function's value.
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::Relu => x.max(0.0),
            Self::LeakyRelu(slope) => {
                if x < 0.0 {
                    x * slope
                } else {
                    x
                }
            }
            Self::Sigmoid => sigmoid(x),
            Self::HardSigmoid { alpha, beta } => (alpha * x + beta).clamp(0.0, 1.0),
            Self::Silu => x * sigmoid(x),
            Self::Gelu => 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)),
            Self::Tanh => x.tanh(),
            Self::Scale(factor) => x * factor,
        }
    }

    /// Its number in `epilogue.wgsl`, and its two parameters' bits.
    pub(crate) fn code(self) -> [u32; 3] {
        let (code, p, q) = match self {
            Self::Identity => (0, 0.0, 0.0),
            Self::Relu => (1, 0.0, 0.0),
            Self::LeakyRelu(slope) => (2, slope, 0.0),
            Self::Sigmoid => (3, 0.0, 0.0),
            Self::HardSigmoid { alpha, beta } => (4, alpha, beta),
            Self::Silu => (5, 0.0, 0.0),
            Self::Gelu => (6, 0.0, 0.0),
            Self::Tanh => (7, 0.0, 0.0),
            Self::Scale(factor) => (8, factor, 0.0),
        };
        [code, p.to_bits(), q.to_bits()]
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The error function by Abramowitz and Stegun 7.1.26: within 1.5 · 10⁻⁷, and the same on the GPU.
fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let poly = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_72) * t + 0.254_829_6) * t;
    (1.0 - poly * (-x * x).exp()).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        for (x, expected) in [(0.0, 0.0), (0.5, 0.520_499_9), (-1.0, -0.842_700_8), (2.0, 0.995_322_3)] {
            assert!((erf(x) - expected).abs() < 5e-7, "erf({x}) = {}", erf(x));
        }
        assert!((Activation::Gelu.of(1.0) - 0.841_344_7).abs() < 1e-6);
        assert_eq!(Activation::LeakyRelu(0.1).of(-2.0), -0.2);
        assert_eq!(Activation::HardSigmoid { alpha: 0.2, beta: 0.5 }.of(9.0), 1.0);
        assert_eq!(Activation::Scale(0.5).of(3.0), 1.5);
    }
}
