//! Fetching and verifying model files; ONNX Runtime sessions; plate detector and plate reader.
