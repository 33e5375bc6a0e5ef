// SPDX-License-Identifier: Apache-2.0
// A receiver that verifies each request with the library of the Standard Webhooks authors.
//   node standardwebhooks_judge.mjs NODE_MODULES PORT SECRET...
// POST /in      204 when one of the secrets fits, else 400 with the library's complaint
// POST /busy    the first attempt of each webhook-id is answered 503, the next ones as by /in
// GET  /seen    what came: [{"id","timestamp","body","verdicts":[…one for each secret, "" = right…],"forged":[…the first
//               secret's, had a letter of the body, the id or the timestamp been another…]}]
import http from "node:http";
import { createRequire } from "node:module";

const [modules, port, ...secrets] = process.argv.slice(2);
const { Webhook } = createRequire(modules + "/")("standardwebhooks");
const seen = [];

function judge(secret, body, headers) {
  try {
    new Webhook(secret).verify(body, headers);
    return "";
  } catch (error) {
    return String(error.message);
  }
}

http
  .createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      if (request.method === "GET") return response.end(JSON.stringify(seen));
      const body = Buffer.concat(pieces).toString("utf8");
      const id = request.headers["webhook-id"];
      const isFirst = !seen.some((one) => one.id === id);
      const verdicts = secrets.map((secret) => judge(secret, body, request.headers));
      const timestamp = request.headers["webhook-timestamp"];
      const forged = [
        judge(secrets[0], body + " ", request.headers),
        judge(secrets[0], body, { ...request.headers, "webhook-id": id + "0" }),
        judge(secrets[0], body, { ...request.headers, "webhook-timestamp": String(Number(timestamp) + 1) }),
      ];
      seen.push({ id, timestamp, body, verdicts, forged });
      const isBusy = request.url === "/busy" && isFirst;
      response.statusCode = isBusy ? 503 : verdicts.includes("") ? 204 : 400;
      response.end(response.statusCode === 400 ? verdicts.join("; ") : "");
    });
  })
  .listen(Number(port), "127.0.0.1");
