//! The crate through its public interface: the CPU paths against each other, the GPU against the CPU, the shaders.

mod device;
mod device_photo;
mod encoder;
mod gpu_runtime;
mod jpeg;
mod jpeg_files;
mod pipelines;
mod seeded;
mod shaders;
mod twins_cpu;
mod twins_gpu_net;
mod twins_gpu_pixels;
mod twins_gpu_tensors;
mod twins_jpeg;
