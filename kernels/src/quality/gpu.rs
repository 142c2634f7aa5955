//! The wgpu twin: all photos of a batch in one dispatch. Equal to the CPU to the last bit.

use super::{Quality, Sums};
use crate::error::{Error, Result};
use crate::gpu::{Bindings, Gpu, Photos, Shader};

pub(crate) const SHADER: Shader = Shader::new("quality", &[include_str!("quality.wgsl")], 2);

/// Pixels a workgroup sums up, as in the shader.
const CHUNK: usize = 16_384;

/// Measures batches of uploaded crops.
#[derive(Clone, Debug)]
pub struct GpuQuality {
    gpu: Gpu,
}

impl GpuQuality {
    /// Compiles the shader, unless that was done before on this GPU.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.pipeline(SHADER, "quality")?;
        Ok(Self { gpu: gpu.clone() })
    }

    /// Measures every uploaded picture.
    pub fn run(&self, crops: &Photos) -> Result<Vec<Quality>> {
        if crops.is_empty() {
            return Err(Error::Spec { kernel: "quality", reason: "the batch is empty" });
        }
        let windows = (0..crops.len()).map(|index| crops.whole(index)).collect::<Result<Vec<_>>>()?;
        let chunks = windows.iter().map(|crop| (crop.width as usize * crop.height as usize).div_ceil(CHUNK)).max();
        let chunks = chunks.unwrap_or(1);
        let len = windows.len() * chunks;
        let table = self.gpu.upload(&windows, "the quality parameters in bytes")?;
        let sums = self.gpu.scratch((len * size_of::<[u32; 6]>()) as u64, "the quality sums in bytes")?;
        let pass = Bindings {
            shader: SHADER,
            entry: "quality",
            buffers: &[crops.buffer(), &table, &sums],
            groups: [chunks as u32, windows.len() as u32, 1],
        };
        let mut partial = vec![[0u32; 6]; len];
        self.gpu.submit("a quality batch", &[pass], &sums, len)?.read(&mut partial)?;
        let total = |runs: &[[u32; 6]]| runs.iter().fold(Sums::default(), add);
        let measured = partial.chunks_exact(chunks).zip(&windows);
        Ok(measured.map(|(runs, crop)| total(runs).finish(crop.width as usize, crop.height as usize)).collect())
    }
}

fn add(sums: Sums, run: &[u32; 6]) -> Sums {
    Sums {
        luma: sums.luma + u64::from(run[0]),
        dark: sums.dark + u64::from(run[1]),
        bright: sums.bright + u64::from(run[2]),
        laplacian: sums.laplacian + i64::from(run[3].cast_signed()),
        laplacian_squared: sums.laplacian_squared + (u64::from(run[5]) << 32 | u64::from(run[4])),
    }
}
