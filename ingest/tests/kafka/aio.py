"""Two consumers of a group and an idempotent producer, with aiokafka."""
import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

address = sys.argv[1]


async def consume(seen, done):
    consumer = AIOKafkaConsumer(
        "aio", bootstrap_servers=address, group_id="aio-group", auto_offset_reset="earliest",
        enable_auto_commit=False, heartbeat_interval_ms=300, session_timeout_ms=6000)
    await consumer.start()
    try:
        while not done.is_set():
            for partition, records in (await consumer.getmany(timeout_ms=300)).items():
                seen += [(partition.partition, record.offset, record.value) for record in records]
                await consumer.commit()
            if len(set(seen)) >= 300:
                done.set()
    finally:
        await consumer.stop()


async def main():
    producer = AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True, compression_type="gzip")
    await producer.start()
    sent = await asyncio.gather(*[producer.send_and_wait("aio", b"value %d" % n, partition=n % 3) for n in range(300)])
    await producer.stop()
    seen, done = [], asyncio.Event()
    await asyncio.wait_for(asyncio.gather(consume(seen, done), consume(seen, done)), 40)
    assert {(one.partition, one.offset) for one in sent} == {(p, o) for p, o, _ in seen}
    assert {value for _, _, value in seen} == {b"value %d" % n for n in range(300)}
    print("all as expected")


asyncio.run(main())
