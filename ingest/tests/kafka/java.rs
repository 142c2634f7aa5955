//! Apache Kafka's own clients.

use crate::peers::{java, output, output_of};
use crate::server::Server;

#[test]
fn javas_console_and_performance_tools() {
    let Some(mut producer) = java() else { return };
    let server = Server::start();
    server.create("java", 2);
    let address = server.address();
    let input: String = (0..200).map(|number| format!("k{}\tvalue {number}\n", number % 7)).collect();
    let tool = "org.apache.kafka.tools.ConsoleProducer";
    let keys = ["--reader-property", "parse.key=true"];
    output_of(producer.args([tool, "--bootstrap-server", &address, "--topic", "java"]).args(keys), input.as_bytes());
    let mut consumer = java().expect("as before");
    let tool = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    let which = ["--topic", "java", "--from-beginning", "--max-messages", "200", "--timeout-ms", "20000"];
    let keys = ["--formatter-property", "print.key=true", "--group", "console"];
    let read = output(consumer.args([tool, "--bootstrap-server", &address]).args(which).args(keys));
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&read), sorted(&input));

    let mut performance = java().expect("as before");
    performance.args(["org.apache.kafka.tools.ProducerPerformance", "--topic", "java", "--num-records", "20000"]);
    performance.args(["--record-size", "1024", "--throughput", "-1", "--producer-props", "acks=all"]);
    let told = output(performance.arg(format!("bootstrap.servers={address}")));
    assert!(told.contains("20000 records sent"), "{told}");
    let ends: u64 =
        (0..2).map(|n| server.store.hub("java").and_then(|hub| hub.partition(n)).expect("there").end_offset()).sum();
    assert_eq!(ends, 20_200);
    let mut performance = java().expect("as before");
    performance.args(["org.apache.kafka.tools.ConsumerPerformance", "--topic", "java", "--messages", "20200"]);
    let told = output(performance.args(["--bootstrap-server", &address, "--timeout", "20000"]));
    let last = told.lines().last().expect("a line of figures");
    assert_eq!(last.split(", ").nth(4), Some("20200"), "{told}");
}
