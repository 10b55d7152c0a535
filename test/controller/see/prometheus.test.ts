import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  measureLoad,
  prometheus,
  Unreachable,
  type PrometheusOptions,
} from "../../../src/controller/see/prometheus.ts";

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), "ipa-prometheus-test-"));
after(() => rmSync(directory, { recursive: true }));

/** As Prometheus 2.42 answers a range selector in an instant query. */
function matrix(...series: readonly (readonly (readonly [number, string])[])[]): string {
  const result = series.map((values, i) => ({
    metric: { __name__: "requests_total", instance: `127.0.0.1:${i}`, job: "test" },
    values,
  }));
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
}

const never = new AbortController().signal;

/** Runs with the address of a server that answers so. */
async function served(answer: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const says =
  (body: string, status = 200): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(body);

function ask(url: string, rest: Partial<PrometheusOptions> = {}, signal = never) {
  const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 100_000, ...rest });
  return query('requests_total{job="test"}', 145.5, 1700000000.1234, signal);
}

/** The message with which a query fails. */
async function failure(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Unreachable, String(error));
  return error.message;
}

describe("a query", () => {
  test("asks for raw samples, and gives them with their own instants", async () => {
    const seen: IncomingMessage[] = [];
    await served(
      (request, response) => {
        seen.push(request);
        says(
          matrix(
            [
              [1699999990.781, "3"],
              [1699999995.781, "4.5e+06"],
            ],
            [
              [1699999992.1, "NaN"],
              [1699999997.1, "+Inf"],
              [1699999999.1, "-Inf"],
            ],
          ),
        )(request, response);
      },
      async (url) => {
        assert.deepEqual(await ask(`${url}/prefix/`), [
          {
            labels: { __name__: "requests_total", instance: "127.0.0.1:0", job: "test" },
            samples: [
              { at: 1699999990.781, value: 3 },
              { at: 1699999995.781, value: 4_500_000 },
            ],
          },
          {
            labels: { __name__: "requests_total", instance: "127.0.0.1:1", job: "test" },
            samples: [
              { at: 1699999992.1, value: NaN },
              { at: 1699999997.1, value: Infinity },
              { at: 1699999999.1, value: -Infinity },
            ],
          },
        ]);
      },
    );
    assert.equal(seen.length, 1);
    const asked = new URL(seen[0]?.url ?? "", "http://x");
    assert.equal(asked.pathname, "/prefix/api/v1/query");
    assert.equal(asked.searchParams.get("query"), 'requests_total{job="test"}[146s]');
    assert.equal(asked.searchParams.get("time"), "1700000000.123");
    assert.equal(seen[0]?.headers.authorization, undefined);
  });

  test("sends the token that its file holds then", async () => {
    const tokenFile = join(directory, "token");
    const tokens: (string | undefined)[] = [];
    await served(
      (request, response) => {
        tokens.push(request.headers.authorization);
        says(matrix())(request, response);
      },
      async (url) => {
        for (const token of ["one", "two\n"]) {
          writeFileSync(tokenFile, token);
          assert.deepEqual(await ask(url, { tokenFile }), []);
        }
      },
    );
    assert.deepEqual(tokens, ["Bearer one", "Bearer two"]);
  });

  test("is not sent for what is no selector", async () => {
    await served(
      () => assert.fail("it was sent"),
      async (url) => {
        const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 1000 });
        assert.match(await failure(query("rate(x[1m])", 60, 1, never)), /^the selector has a function/);
      },
    );
  });
});

describe("a failure", () => {
  const cases: readonly (readonly [string, RequestListener, RegExp])[] = [
    [
      "an error of Prometheus",
      says('{"status":"error","errorType":"bad_data","error":"parse error: no"}', 400),
      /status 400: parse error: no$/,
    ],
    ["a proxy's error", says("<html>", 502), /status 502$/],
    ["no permission", says("Forbidden", 403), /status 403$/],
    ["a page of something else", says("<html>hello</html>"), /not one of Prometheus's HTTP API/],
    [
      "another result",
      says('{"status":"success","data":{"resultType":"vector","result":[]}}'),
      /not one of Prometheus's/,
    ],
    ["null", says("null"), /not one of Prometheus's/],
    ["a torn answer", says(matrix([[1, "2"]]).slice(0, -5)), /not one of Prometheus's/],
    [
      "a part of the stores",
      says('{"status":"success","warnings":["no store b"],"data":{"resultType":"matrix","result":[]}}'),
      /may not be whole: no store b/,
    ],
    [
      "histograms",
      says('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}'),
      /no counter/,
    ],
    [
      "a bad sample",
      says('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}'),
      /sample that is none/,
    ],
    ["too long an answer", says(matrix([[1, "2".repeat(200_000)]])), /more than 100000 bytes/],
    ["a broken connection", (request) => void request.socket.destroy(), /socket hang up/],
    [
      "half an answer",
      (_request, response) =>
        void response.writeHead(200, { "content-length": 100 }).write("{", () => response.destroy()),
      /aborted/,
    ],
  ];
  for (const [name, answer, message] of cases) {
    test(`${name} is told`, async () => {
      await served(answer, async (url) => {
        const told = await failure(ask(url));
        assert.match(told, message);
        assert.ok(told.startsWith(`${url}/api/v1/query: `), told);
      });
    });
  }

  test("nobody there", async () => {
    let gone = "";
    await served(says(""), async (url) => {
      gone = url;
    });
    assert.match(await failure(ask(gone)), /ECONNREFUSED 127.*: is it up, and is --prometheus right\?$/);
  });

  test("https asked of a server that speaks http, without OpenSSL's words", async () => {
    await served(says(matrix()), async (url) => {
      const told = await failure(ask(url.replace("http:", "https:")));
      assert.match(told, /query: no TLS is spoken there: https was asked of a server that speaks http\?$/);
    });
  });

  test("a redirect is not followed", async () => {
    await served(says(matrix()), async (other) => {
      await served(
        (_request, response) => response.writeHead(302, { location: `${other}/api/v1/query` }).end(),
        async (url) => assert.match(await failure(ask(url)), /status 302: redirects are not followed/),
      );
    });
  });

  test("an answer that takes too long, before its beginning or within", async () => {
    const slow: readonly ((response: ServerResponse) => void)[] = [
      () => {},
      (response) => {
        const drip = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(drip));
      },
    ];
    for (const answer of slow) {
      await served(
        (_request, response) => answer(response),
        async (url) => assert.match(await failure(ask(url, { timeoutSeconds: 0.2 })), /no whole answer within 0.2 s$/),
      );
    }
  });

  test("an endless answer is cut", async () => {
    let [sent, closed] = [0, false];
    await served(
      (_request, response) => {
        response.on("close", () => (closed = true));
        const more = (): void => {
          while (!closed && response.write(" ".repeat(10_000))) sent += 10_000;
          if (!closed) response.once("drain", more);
        };
        more();
      },
      async (url) => assert.match(await failure(ask(url)), /more than 100000 bytes/),
    );
    assert.ok(sent < 20_000_000, `${sent} bytes were sent`);
  });

  test("several answers have a budget together", async () => {
    await served(says(matrix([[1, "2"]])), async (url) => {
      const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 10_000 });
      const budget = { bytes: 2.5 * matrix([[1, "2"]]).length };
      const asked = () => query("a", 10, 1, never, budget);
      assert.equal((await asked()).length, 1);
      assert.equal((await asked()).length, 1);
      assert.match(await failure(asked()), /too many bytes together/);
    });
  });

  test("the asker's own end is no failure of the source", async () => {
    const asker = new AbortController();
    await served(
      () => asker.abort(new Error("shutting down")),
      async (url) => assert.rejects(ask(url, {}, asker.signal), /^Error: shutting down$/),
    );
  });

  test("no message holds the token", async () => {
    const tokenFile = join(directory, "secret");
    writeFileSync(tokenFile, "s3cr3t");
    const echo: RequestListener = (request, response) =>
      says(JSON.stringify({ status: "error", error: `no ${request.headers.authorization}` }), 401)(request, response);
    await served(echo, async (url) => {
      assert.match(await failure(ask(url, { tokenFile })), /status 401: no Bearer …$/);
      const withPassword = url.replace("//", "//user:passw0rd@");
      assert.doesNotMatch(await failure(ask(withPassword)), /passw0rd/);
      writeFileSync(tokenFile, "s3\ncr3t");
      assert.doesNotMatch(await failure(ask(url, { tokenFile })), /cr3t/);
      writeFileSync(tokenFile, " \n");
      assert.match(await failure(ask(url, { tokenFile })), /secret: is empty/);
    });
    assert.match(
      await failure(ask("http://127.0.0.1:1", { tokenFile: join(directory, "none") })),
      /none: cannot be read/,
    );
  });
});

test("of a server with a certificate of its own, that one and no other is trusted", async () => {
  const [key, caFile] = [join(directory, "key.pem"), join(directory, "ca.pem")];
  const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", caFile, ...subject]);
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(caFile) }, says(matrix([[1, "2"]])));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const [series] = await ask(url, { caFile });
    assert.deepEqual(series?.samples, [{ at: 1, value: 2 }]);
    assert.match(await failure(ask(url)), /self-signed certificate/);
    const other = join(directory, "other.pem");
    writeFileSync(other, "no certificate");
    assert.match(await failure(ask(url, { caFile: other })), /api\/v1\/query: ./);
    assert.match(await failure(ask(url, { caFile: join(directory, "nowhere") })), /nowhere: cannot be read/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a load is measured from what the source says; what it fails with is a problem", async () => {
  const want = { history: 10, loadWindow: 5 };
  const samples = Array.from({ length: 8 }, (_, i) => [1699999964.5 + 5 * i, String(10 * i)] as const);
  await served(says(matrix(samples)), async (url) => {
    const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 10_000 });
    assert.deepEqual(await measureLoad(query, "requests_total", 1700000000, want, never), {
      load: { end: 1699999999.5, step: 5, rates: [2, 2] },
    });
    const measured = await measureLoad(query, "requests_total", 1700000100, want, never);
    assert.equal("problem" in measured && measured.problem, "Stale");
  });
  await served(says(matrix()), async (url) => {
    const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 10_000 });
    const measured = await measureLoad(query, 'requests_total{service="shop"}', 1700000000, want, never);
    assert.ok("problem" in measured && measured.problem === "Absent", JSON.stringify(measured));
    assert.match(measured.message, /\(selector requests_total\{service="shop"\}\)$/);
  });
  await served(says("no", 500), async (url) => {
    const query = prometheus({ url, timeoutSeconds: 5, maxBytes: 10_000 });
    const measured = await measureLoad(query, "requests_total", 1700000000, want, never);
    assert.ok("problem" in measured && measured.problem === "Unreachable", JSON.stringify(measured));
    assert.match(measured.message, /status 500/);
  });
});
