//! A broker that answers at once and keeps nothing: what a producer reaches against it is the producer's own ceiling,
//! which no broker on the same cores can lift.
//!
//! It speaks as much of the protocol as a producer needs (kafka.apache.org/protocol), a thread for each connection.
//! Every topic is there, with the partitions that it was told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use clap::Args;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, InitProducerIdResponse, MetadataRequest, MetadataResponse, ProduceRequest,
    ProduceResponse, ProducerId, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

/// The requests that are understood, and the versions of each.
const APIS: [(ApiKey, i16, i16); 4] =
    [(ApiKey::Produce, 3, 9), (ApiKey::Metadata, 1, 9), (ApiKey::ApiVersions, 0, 3), (ApiKey::InitProducerId, 0, 4)];
const NODE: BrokerId = BrokerId(0);
/// Bytes of a request, at most.
const MAX_REQUEST: usize = 20 << 20;

/// Where the broker is, and what it claims to have.
#[derive(Args)]
pub(crate) struct Options {
    /// HOST:PORT to listen at.
    #[arg(long)]
    listen: SocketAddr,
    /// Partitions of each topic.
    #[arg(long, default_value_t = 4)]
    partitions: i32,
}

/// Serves until the process is ended.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let listener = TcpListener::bind(options.listen);
    let listener = listener.with_context(|| format!("cannot listen at {}", options.listen))?;
    let broker = Broker { address: listener.local_addr()?, partitions: options.partitions };
    loop {
        let (stream, peer) = listener.accept().context("cannot accept")?;
        thread::spawn(move || {
            if let Err(error) = broker.connection(stream) {
                eprintln!("{peer}: {error:#}");
            }
        });
    }
}

#[derive(Clone, Copy)]
struct Broker {
    address: SocketAddr,
    partitions: i32,
}

impl Broker {
    fn connection(self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let (mut length, mut frame) = ([0; 4], BytesMut::new());
        loop {
            if stream.read_exact(&mut length).is_err() {
                return Ok(());
            }
            let length = u32::from_be_bytes(length) as usize;
            if length > MAX_REQUEST {
                bail!("a request of {length} bytes");
            }
            frame.resize(length, 0);
            stream.read_exact(&mut frame)?;
            // The decoder shares the buffer; it is had back when the answer is made.
            let request = std::mem::take(&mut frame).freeze();
            stream.write_all(&self.answer(request.clone())?)?;
            frame = BytesMut::from(request);
        }
    }

    fn answer(self, mut frame: Bytes) -> Result<Vec<u8>> {
        let [k0, k1, v0, v1, ..] = frame[..] else { bail!("half a request") };
        let (key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
        let Ok(key) = ApiKey::try_from(key) else { bail!("request {key} is not understood") };
        let header = RequestHeader::decode(&mut frame, key.request_header_version(version))?;
        let number = header.correlation_id;
        match key {
            ApiKey::Produce => encode(number, version, &produced(ProduceRequest::decode(&mut frame, version)?)),
            ApiKey::Metadata => encode(number, version, &self.metadata(MetadataRequest::decode(&mut frame, version)?)),
            ApiKey::ApiVersions => encode(number, version.min(3), &versions()),
            ApiKey::InitProducerId => {
                encode(number, version, &InitProducerIdResponse::default().with_producer_id(ProducerId(1)))
            }
            _ => bail!("request {key:?} is not understood"),
        }
    }

    fn metadata(self, request: MetadataRequest) -> MetadataResponse {
        let host = StrBytes::from_string(self.address.ip().to_string());
        let broker = MetadataResponseBroker::default().with_node_id(NODE).with_host(host);
        let partition = |index| {
            let partition = MetadataResponsePartition::default().with_partition_index(index).with_leader_id(NODE);
            partition.with_replica_nodes(vec![NODE]).with_isr_nodes(vec![NODE])
        };
        let partitions: Vec<_> = (0..self.partitions).map(partition).collect();
        let topics = request.topics.unwrap_or_default().into_iter();
        let topics = topics
            .map(|asked| MetadataResponseTopic::default().with_name(asked.name).with_partitions(partitions.clone()));
        MetadataResponse::default()
            .with_brokers(vec![broker.with_port(i32::from(self.address.port()))])
            .with_controller_id(NODE)
            .with_topics(topics.collect())
    }
}

fn versions() -> ApiVersionsResponse {
    let range = |&(key, first, last): &(ApiKey, i16, i16)| {
        ApiVersion::default().with_api_key(key as i16).with_min_version(first).with_max_version(last)
    };
    ApiVersionsResponse::default().with_api_keys(APIS.iter().map(range).collect())
}

fn produced(request: ProduceRequest) -> ProduceResponse {
    let topics = request.topic_data.into_iter().map(|topic| {
        let partitions = topic.partition_data.iter();
        let partitions = partitions.map(|data| PartitionProduceResponse::default().with_index(data.index));
        TopicProduceResponse::default().with_name(topic.name).with_partition_responses(partitions.collect())
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn encode<T: Encodable + HeaderVersion>(number: i32, version: i16, answer: &T) -> Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    ResponseHeader::default().with_correlation_id(number).encode(&mut frame, T::header_version(version))?;
    answer.encode(&mut frame, version)?;
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}
