//! A convolution of each channel by itself.
//!
//! Input `[images, channels, height, width]`, weights `[channels, kernel_h, kernel_w]`, output like the input but for
//! its size; outside the input everything is zero. Described by a [`Conv`](super::conv::Conv) with as many filters as
//! channels.

pub(crate) mod cpu;
pub(crate) mod gpu;
