//! Clients in Python: requests, a Kafka client's partitioner, a parser of OpenMetrics.

use crate::common::{Server, python};

const REQUESTS: &str = "
import sys, json, requests
from concurrent.futures import ThreadPoolExecutor
base = sys.argv[1]
session = requests.Session()
def send(i):
    r = session.post(f'{base}/telemetry/messages', data=f'Hi, welcome at Integrate - msg # {i} at now',
                     headers={'X-Property-Number': str(i)}, timeout=20)
    assert r.status_code == 201, r.text
    return r.json()['partition'], r.json()['offset']
with ThreadPoolExecutor(8) as pool:
    places = list(pool.map(send, range(100)))
assert len(set(places)) == 100
seen = {}
for p in range(4):
    at = 0
    while True:
        r = session.get(f'{base}/telemetry/partitions/{p}/messages', params={'offset': at, 'max': 7}, timeout=20)
        lines = [json.loads(line) for line in r.text.splitlines()]
        at = int(r.headers['tollgate-next-offset'])
        if not lines:
            break
        for line in lines:
            seen[(p, line['offset'])] = line['body']
assert set(seen) == set(places)
for i, place in enumerate(places):
    assert seen[place] == f'Hi, welcome at Integrate - msg # {i} at now'
# A refused body is answered before it is sent whole: the client hears the answer all the same.
r = session.post(f'{base}/lanes/7/images', data=b'x' * (17 << 20), timeout=20)
assert (r.status_code, r.json()['error']['code']) == (413, 'too-large')
print('done')
";

#[test]
fn requests_writes_and_reads_a_hundred() {
    let server = Server::start();
    let Some(printed) = python(&["requests"], REQUESTS, &[&server.url("")]) else { return };
    assert_eq!(printed.trim(), "done");
}

const PARTITIONS: &str = "
import sys
from aiokafka.partitioner import DefaultPartitioner
choose = DefaultPartitioner()
for key in sys.argv[1:]:
    print(choose(key.encode(), [0, 1, 2, 3], [0, 1, 2, 3]))
";

#[test]
fn a_kafka_client_puts_a_key_where_this_does() {
    let keys: Vec<String> = (0..60).map(|i| "gate ü".repeat(i % 7) + &i.to_string()).collect();
    let arguments: Vec<&str> = keys.iter().map(String::as_str).collect();
    let Some(theirs) = python(&["aiokafka"], PARTITIONS, &arguments) else { return };
    let server = Server::start();
    for (key, partition) in keys.iter().zip(theirs.lines()) {
        let broker = serde_json::json!({ "PartitionKey": key }).to_string().replace('ü', "\\u00fc");
        let reply = server.ask("POST", "/telemetry/messages", &[("brokerproperties", &broker)], b"x");
        assert_eq!(reply.json()["partition"].to_string(), partition, "{key}");
    }
    assert_eq!(theirs.lines().count(), keys.len());
}

const METRICS: &str = "
import sys, requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families
r = requests.get(sys.argv[1] + '/metrics', timeout=20)
assert r.headers['content-type'].startswith('application/openmetrics-text; version=1.0.0')
families = {family.name: family for family in text_string_to_metric_families(r.text)}
end = [s for s in families['tollgate_log_end_offset'].samples if s.labels == {'hub': 'telemetry', 'partition': '2'}]
assert [s.value for s in end] == [1.0], end
assert families['tollgate_commit_seconds'].type == 'histogram'
print(' '.join(sorted(families)))
";

#[test]
fn prometheus_understands_the_metrics() {
    let server = Server::start();
    assert_eq!(server.ask("POST", "/telemetry/messages?partition=2", &[], b"x").status, 201);
    let Some(printed) = python(&["requests", "prometheus_client"], METRICS, &[&server.url("")]) else { return };
    for family in ["appended_records", "appended_bytes", "requests", "connections", "log_start_offset"] {
        assert!(printed.contains(&format!("tollgate_{family}")), "{family} is not in {printed}");
    }
}
