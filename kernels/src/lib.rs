//! Image and tensor kernels: a plain CPU reference, a fast CPU path and a wgpu twin of each.
