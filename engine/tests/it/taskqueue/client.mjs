// Says what the official client sees: the same script at the vendor's emulator and at tollgate must say the same.
//
// usage: node client.mjs PORT   (with @azure/storage-queue in NODE_PATH's place: run from a folder that has it)
//
// Connects by UseDevelopmentStorage=true, at another port than the emulator's own: the agent changes it.
import { createRequire } from "node:module";
import http from "node:http";
import net from "node:net";

const require = createRequire(`${process.cwd()}/`);
const queueLib = require("@azure/storage-queue");
const { QueueClient, QueueSASPermissions, QueueServiceClient, StorageSharedKeyCredential } = queueLib;
const { AccountSASPermissions, generateAccountSASQueryParameters, generateQueueSASQueryParameters } = queueLib;

const PORT = Number(process.argv[2]);
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const URL_OF_ACCOUNT = `http://127.0.0.1:10001/${ACCOUNT}`;
const HOUR = 3600e3;
const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);

// Goes to PORT where the client goes to 10001. Host and port are not signed.
http.Agent.prototype.createConnection = (options, done) =>
  net.createConnection({ ...options, port: Number(options.port) === 10001 ? PORT : options.port }, done);
const how = { retryOptions: { maxTries: 1 } };
const service = QueueServiceClient.fromConnectionString("UseDevelopmentStorage=true", how);

async function say(what, call, show = () => "") {
  try {
    const result = await call();
    const status = result._response?.status ?? "";
    console.log(`${what}: ${status} ${show(result)}`.trimEnd());
    return result;
  } catch (error) {
    console.log(`${what}: ${error.statusCode ?? error.name} ${error.code ?? ""}`.trimEnd());
    return undefined;
  }
}

const texts = (items) => JSON.stringify(items.map((item) => [item.messageText, item.dequeueCount]));
const received = (result) => texts(result.receivedMessageItems);
const peeked = (result) => texts(result.peekedMessageItems);

async function listed(options) {
  const found = [];
  for await (const queue of service.listQueues(options)) found.push([queue.name, queue.metadata ?? null]);
  return JSON.stringify(found);
}

async function queues() {
  const queue = service.getQueueClient("script-a");
  await say("create", () => queue.create({ metadata: { lane: "7" } }));
  await say("create again", () => queue.create({ metadata: { lane: "7" } }));
  await say("create otherwise", () => queue.create());
  await say("create if there is none", () => queue.createIfNotExists(), (result) => result.succeeded);
  console.log("exists", await queue.exists(), await service.getQueueClient("script-z").exists());
  await say("create another", () => service.createQueue("script-b"));
  console.log("list", await listed({ prefix: "script-" }), await listed({ prefix: "script-", includeMetadata: true }));
  const pages = [];
  for await (const page of service.listQueues({ prefix: "script-" }).byPage({ maxPageSize: 1 })) {
    pages.push(page.queueItems.map((item) => item.name));
  }
  console.log("list by page", JSON.stringify(pages));
  const show = (found) => JSON.stringify([found.approximateMessagesCount, Object.entries(found.metadata).sort()]);
  await say("properties", () => queue.getProperties(), show);
  await say("set metadata", () => queue.setMetadata({ lane: "8", b: "x y" }));
  await say("properties now", () => queue.getProperties(), show);
  await say("delete another", () => service.deleteQueue("script-b"));
  await say("delete it twice", () => service.deleteQueue("script-b"));
  await say("delete it if it is there", () => service.getQueueClient("script-b").deleteIfExists(), (result) => result.succeeded);
  for (const name of ["ab", "Upper", "a--b", "a_b"]) await say(`create ${name}`, () => service.createQueue(name));
  return queue;
}

async function messages(queue) {
  const sent = await say("put", () => queue.sendMessage("<one> & \"ü\" 🚗"), (result) => typeof result.messageId);
  await say("put another", () => queue.sendMessage("two", { messageTimeToLive: -1 }), (result) => result.expiresOn.toISOString());
  await say("put a hidden one", () => queue.sendMessage("hidden", { visibilityTimeout: 100 }));
  await say("peek", () => queue.peekMessages({ numberOfMessages: 32 }), peeked);
  const got = await say("get", () => queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 60 }), received);
  const [one, two] = got.receivedMessageItems;
  console.log("the same id", one.messageId === sent.messageId);
  await say("nothing is left", () => queue.receiveMessages(), received);
  const changed = await say("update", () => queue.updateMessage(one.messageId, one.popReceipt, "ONE", 0));
  await say("peek", () => queue.peekMessages(), peeked);
  await say("delete by the old receipt", () => queue.deleteMessage(one.messageId, one.popReceipt));
  await say("renew without a text", () => queue.updateMessage(one.messageId, changed.popReceipt, undefined, 0));
  await say("get again", () => queue.receiveMessages(), received);
  await say("delete", () => queue.deleteMessage(two.messageId, two.popReceipt));
  await say("delete twice", () => queue.deleteMessage(two.messageId, two.popReceipt));
  await say("a wrong receipt", () => queue.updateMessage(one.messageId, "wrong", "x", 1));
  await say("count", () => queue.getProperties(), (found) => found.approximateMessagesCount);
  await say("put 64 KiB", () => queue.sendMessage("x".repeat(65536)));
  await say("put too much", () => queue.sendMessage("x".repeat(65537)));
  await say("get 33", () => queue.receiveMessages({ numberOfMessages: 33 }), received);
  await say("get hidden for too long", () => queue.receiveMessages({ visibilityTimeout: 604801 }), received);
  await say("clear", () => queue.clearMessages());
  await say("count", () => queue.getProperties(), (found) => found.approximateMessagesCount);
}

async function keys(queue) {
  const wrong = new StorageSharedKeyCredential(ACCOUNT, Buffer.from("wrong").toString("base64"));
  await say("a wrong key", () => new QueueClient(`${URL_OF_ACCOUNT}/script-a`, wrong, how).getProperties());
  await say("no key", () => new QueueClient(`${URL_OF_ACCOUNT}/script-a`, undefined, how).getProperties());
  const at = (signature) => new QueueClient(`${URL_OF_ACCOUNT}/script-a?${signature}`, undefined, how);
  const expiresOn = (ms) => new Date(Date.now() + ms);
  const account = (permissions, ms) =>
    generateAccountSASQueryParameters(
      { expiresOn: expiresOn(ms), permissions: AccountSASPermissions.parse(permissions), resourceTypes: "sco", services: "q" },
      credential,
    );
  const own = (permissions, ms) =>
    generateQueueSASQueryParameters(
      { queueName: "script-a", expiresOn: expiresOn(ms), permissions: QueueSASPermissions.parse(permissions) },
      credential,
    );
  for (const [name, signature] of [
    ["account", account("rwdlaup", HOUR)],
    ["account may add", account("a", HOUR)],
    ["account over", account("rwdlaup", -HOUR)],
    ["queue", own("raup", HOUR)],
    ["queue may read", own("r", HOUR)],
    ["queue over", own("raup", -HOUR)],
  ]) {
    await say(`${name}: put`, () => at(signature).sendMessage("by a signature"));
    await say(`${name}: get`, () => at(signature).receiveMessages(), received);
    await say(`${name}: peek`, () => at(signature).peekMessages(), peeked);
    await say(`${name}: policies`, () => at(signature).getAccessPolicy());
  }
  const until = { startsOn: expiresOn(-HOUR), expiresOn: expiresOn(HOUR), permissions: "rp" };
  await say("set policies", () => queue.setAccessPolicy([{ id: "reader", accessPolicy: until }]));
  await say("policies", () => queue.getAccessPolicy(), (found) =>
    JSON.stringify(found.signedIdentifiers.map((policy) => [policy.id, policy.accessPolicy.permissions])));
  const named = generateQueueSASQueryParameters({ queueName: "script-a", identifier: "reader" }, credential);
  await say("policy: put", () => at(named).sendMessage("x"));
  await say("policy: get", () => at(named).receiveMessages({ numberOfMessages: 32 }), (result) => result.receivedMessageItems.length);
}

async function properties() {
  const show = (found) => JSON.stringify([found.queueAnalyticsLogging, found.hourMetrics, found.cors]);
  const found = await service.getProperties();
  found.queueAnalyticsLogging = { version: "1.0", deleteProperty: false, read: true, write: false, retentionPolicy: { enabled: true, days: 3 } };
  found.cors = [{ allowedOrigins: "http://a.example", allowedMethods: "GET", allowedHeaders: "", exposedHeaders: "", maxAgeInSeconds: 9 }];
  await say("set properties", () => service.setProperties(found));
  await say("properties", () => service.getProperties(), show);
  await say("statistics of the first place", () => service.getStatistics());
  const second = new QueueServiceClient(`${URL_OF_ACCOUNT}-secondary`, credential, how);
  await say("statistics", () => second.getStatistics(), (stats) => stats.geoReplication.status);
}

console.log("connects to", service.url);
const queue = await queues();
await messages(queue);
await keys(queue);
await properties();
await say("delete", () => queue.delete());
// Idle connections would keep the process.
http.globalAgent.destroy();
process.exit(0);
