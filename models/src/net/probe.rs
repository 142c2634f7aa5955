//! The least net there is, to see whether something that is to run nets does.

use super::proto::{GraphProto, ModelProto, NodeProto, OperatorSet, TensorType, TypeProto, ValueInfo, element};
use prost::Message;

/// Of the file format, as ONNX 1.7 wrote it; operators were numbered 13 soon after.
const IR_VERSION: i64 = 7;
const OPSET: i64 = 13;

/// An ONNX file whose net adds its input `f32[n]` to itself.
pub(crate) fn doubling() -> Vec<u8> {
    let node = NodeProto {
        input: vec!["x".into(), "x".into()],
        output: vec!["y".into()],
        name: "add".into(),
        op_type: "Add".into(),
        attribute: Vec::new(),
    };
    let value = |name: &str| {
        let tensor_type = Some(TensorType { elem_type: element::FLOAT });
        ValueInfo { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
    };
    let graph =
        GraphProto { node: vec![node], initializer: Vec::new(), input: vec![value("x")], output: vec![value("y")] };
    ModelProto {
        ir_version: IR_VERSION,
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: Vec::new(),
    }
    .encode_to_vec()
}
