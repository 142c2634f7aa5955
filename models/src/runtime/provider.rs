//! Where ONNX Runtime computes, and what to do where it cannot.

/// Where ONNX Runtime computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// On the calling thread.
    #[default]
    Cpu,
    /// On a GPU, by its CUDA provider.
    Cuda,
    /// On a GPU, by its WebGPU plugin.
    WebGpu,
}

impl Provider {
    /// Its name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::WebGpu => "webgpu",
        }
    }

    /// ONNX Runtime's name of it; none for the one that is always there.
    pub(super) fn ep(self) -> Option<&'static str> {
        match self {
            Self::Cpu => None,
            Self::Cuda => Some("CUDAExecutionProvider"),
            Self::WebGpu => Some("WebGpuExecutionProvider"),
        }
    }

    /// Whether its memory is that of the largest input it ever had. The WebGPU plugin keeps buffers by size, and a
    /// large input it gets ready with would only cost time.
    pub(crate) fn takes_memory_at_once(self) -> bool {
        self != Self::WebGpu
    }

    pub(super) fn when_missing(self) -> &'static str {
        match self {
            Self::Cpu | Self::WebGpu => "there is no such file; `tollgate models fetch onnxruntime-webgpu` brings it",
            Self::Cuda => {
                "there is no such file: a build of ONNX Runtime for CUDA has it beside libonnxruntime (Python's \
                 onnxruntime-gpu is one), and ORT_DYLIB_PATH names that libonnxruntime"
            }
        }
    }

    pub(super) fn when_there_is_no_device(self) -> &'static str {
        match self {
            Self::Cpu | Self::Cuda => "ONNX Runtime finds no GPU for it",
            Self::WebGpu => {
                "ONNX Runtime finds no GPU for it; with ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER=1 in the environment it \
                 takes a software driver, where there is one to its liking"
            }
        }
    }

    pub(super) fn when_it_runs_nothing(self) -> &'static str {
        match self {
            Self::Cpu | Self::Cuda => "a net of one addition does not run on it",
            // Seen with Mesa 22.3: Dawn wants `shaderSampledImageArrayDynamicIndexing`, which llvmpipe has not there.
            Self::WebGpu => {
                "a net of one addition does not run on it; it needs a Vulkan driver that Dawn takes: a GPU's, or \
                 SwiftShader's (VK_DRIVER_FILES names a driver), but not the llvmpipe of Mesa 22"
            }
        }
    }
}
