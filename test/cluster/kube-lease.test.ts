import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { connect, type Kube } from "../../src/kube/client.ts";
import { type Contender, contend, type LeaseSpec } from "../../src/kube/lease.ts";
import type { ResourcePath } from "../../src/kube/objects.ts";
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutControlPlane } from "./control-plane/start.ts";
import { until } from "./control-plane/until.ts";

const leases: ResourcePath = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: "default" };
const times = { leaseSeconds: 3, renewDeadlineSeconds: 2, retrySeconds: 0.3 };

interface Candidate {
  readonly contender: Contender;
  /** "leading" and "lost", in order, with the time, seconds. */
  readonly told: { readonly what: string; readonly at: number }[];
  readonly failures: unknown[];
  /** As if its process were killed: nothing is said to anybody. */
  readonly kill: () => void;
}

function secondsBetween(from = "", to = ""): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

const now = (): number => performance.now() / 1000;

describe("who leads is settled by a Lease", { skip: withoutControlPlane() }, () => {
  let plane: ControlPlane;
  let proxy: ChaosProxy;
  let throughProxy: Kube;
  let direct: Kube;
  const candidates: Candidate[] = [];
  before(async () => {
    plane = await startControlPlane();
    proxy = await startChaosProxy(plane.kubeconfig);
    const options = { qps: 1, timeoutSeconds: 5, mayWrite: () => false };
    throughProxy = connect({ ...options, kubeconfig: proxy.kubeconfig });
    direct = connect({ ...options, kubeconfig: plane.kubeconfig });
  });
  after(async () => {
    await proxy?.close();
    await plane?.stop();
  });
  afterEach(() => {
    for (const { kill } of candidates.splice(0)) kill();
    proxy.heal();
  });

  function candidate(kube: Kube, name: string, identity: string, seconds: Partial<typeof times> = {}): Candidate {
    const controller = new AbortController();
    const told: { readonly what: string; readonly at: number }[] = [];
    const failures: unknown[] = [];
    const contention = {
      namespace: "default",
      name,
      identity,
      ...times,
      ...seconds,
      onLeading: (term: AbortSignal) => {
        told.push({ what: "leading", at: now() });
        term.addEventListener("abort", () => told.push({ what: "lost", at: now() }));
      },
      onFailure: (error: unknown) => failures.push(error),
    };
    const contender = contend(kube, contention, controller.signal);
    const made = { contender, told, failures, kill: () => controller.abort() };
    candidates.push(made);
    return made;
  }
  const leads = ({ contender }: Candidate): Promise<true> => until("leadership", () => contender.term() !== null);
  const leaseOf = async (name: string): Promise<LeaseSpec> =>
    (await direct.get({ ...leases, name }, { urgent: true })).spec as LeaseSpec;

  test("one of two leads, renews, and neither calls that an error", async () => {
    const both = [candidate(direct, "two", "a"), candidate(throughProxy, "two", "b")];
    await until("a leader", () => both.some(({ contender }) => contender.term() !== null));
    const first = await leaseOf("two");
    assert.match(first.renewTime ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual([first.leaseDurationSeconds, first.leaseTransitions], [3, 0]);
    const until4 = now() + 4;
    while (now() < until4) {
      assert.ok(both.filter(({ contender }) => contender.term() !== null).length <= 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const later = await leaseOf("two");
    assert.ok((later.renewTime ?? "") > (first.renewTime ?? ""));
    assert.deepEqual({ ...later, renewTime: "" }, { ...first, renewTime: "" });
    assert.deepEqual(
      both.flatMap(({ failures }) => failures),
      [],
    );
  });

  test("after a leader was killed the other one leads, and not before its lease has run out", async () => {
    const first = candidate(direct, "killed", "a");
    await leads(first);
    const second = candidate(throughProxy, "killed", "b");
    await until("it has looked", () => proxy.requests().some(({ url }) => /leases\/killed/.test(url)));
    first.kill();
    assert.equal(first.contender.term(), null);
    const { renewTime } = await leaseOf("killed");
    await leads(second);
    const lease = await leaseOf("killed");
    const waited = secondsBetween(renewTime, lease.acquireTime);
    assert.ok(waited >= times.leaseSeconds - 0.01, `only ${waited} s`);
    assert.ok(waited < times.leaseSeconds + 5, `${waited} s`);
    assert.deepEqual([lease.holderIdentity, lease.leaseTransitions], ["b", 1]);
    assert.deepEqual(
      first.told.map(({ what }) => what),
      ["leading", "lost"],
    );
  });

  test("a lease that is given up goes to the other one at once", async () => {
    const first = candidate(direct, "released", "a");
    await leads(first);
    const second = candidate(throughProxy, "released", "b");
    await until("it has looked", () => proxy.requests().some(({ url }) => /leases\/released/.test(url)));
    const release = first.contender.release();
    assert.equal(first.contender.term(), null);
    await release;
    const given = await leaseOf("released");
    await leads(second);
    const lease = await leaseOf("released");
    const waited = secondsBetween(given.renewTime, lease.acquireTime);
    assert.ok(waited < times.leaseSeconds / 2, `${waited} s`);
    await first.contender.release();
    assert.equal((await leaseOf("released")).holderIdentity, "b");
    assert.deepEqual(first.failures, []);
  });

  test("it is released after the signal, too", async () => {
    const only = candidate(direct, "both", "a");
    await leads(only);
    only.kill();
    await only.contender.release();
    assert.equal((await leaseOf("both")).holderIdentity, "");
  });

  test("while the API server hangs, a leader stops by the renew deadline, and before another one starts", async () => {
    const first = candidate(throughProxy, "hung", "a");
    await leads(first);
    const second = candidate(direct, "hung", "b");
    const lastRenewal = (): number =>
      proxy.requests().findLast(({ method, status }) => method !== "GET" && (status === 200 || status === 201))?.at ??
      NaN;
    proxy.inject({ kind: "hang" });
    let last = now();
    await until("the end of leadership", () => {
      const asked = now();
      if (first.contender.term() === null) return true;
      last = asked;
      return false;
    });
    const led = last - lastRenewal();
    assert.ok(led < times.renewDeadlineSeconds, `led ${led} s after its last renewal`);
    await leads(second);
    assert.equal(first.contender.term(), null);
    await until("it is told", () => first.told.length === 2);
    const [lost, leading] = [first.told[1], second.told[0]];
    assert.ok(lost !== undefined && leading !== undefined && lost.what === "lost" && lost.at < leading.at);
    // Back again, it waits for its turn.
    proxy.heal();
    await second.contender.release();
    await leads(first);
    assert.equal((await leaseOf("hung")).leaseTransitions, 2);
  });

  test("a leader that had no part in another one's term begins a term of its own", async () => {
    const first = candidate(throughProxy, "between", "a");
    await leads(first);
    const term = first.contender.term();
    // Before it renews again, another one has led, and has given the lease up.
    const { length } = proxy.requests();
    await until("a renewal", () => proxy.requests().length > length);
    const given = JSON.stringify({ spec: { holderIdentity: "", leaseDurationSeconds: 1 } });
    await plane.kubectl("patch", "lease", "between", "--type=merge", `--patch=${given}`);
    await until("a new term", () => ![null, term].includes(first.contender.term()));
    assert.equal(term?.aborted, true);
    assert.deepEqual(
      first.told.map(({ what }) => what),
      ["leading", "lost", "leading"],
    );
  });

  test("a short outage costs no leadership", async () => {
    const only = candidate(throughProxy, "outage", "a", { leaseSeconds: 30, renewDeadlineSeconds: 20 });
    await leads(only);
    const lift = proxy.inject({ kind: "answer", status: 500 });
    await until("two failures", () => only.failures.length >= 2);
    lift();
    const { length } = proxy.requests();
    await until("renewals", () => proxy.requests().length > length + 3);
    assert.deepEqual(
      only.told.map(({ what }) => what),
      ["leading"],
    );
    assert.ok(only.contender.term() !== null);
  });

  test("a leader whose lease is taken by force, or is gone, does the right thing", async () => {
    const only = candidate(direct, "forced", "a");
    await leads(only);
    const term = only.contender.term();
    await plane.kubectl("delete", "lease", "forced");
    await until("a new one", async () => (await leaseOf("forced")).holderIdentity === "a");
    await until("a new term", () => ![null, term].includes(only.contender.term()));
    assert.equal(term?.aborted, true, "somebody else could have had the lease meanwhile");
    const taken = JSON.stringify({ spec: { holderIdentity: "somebody" } });
    await plane.kubectl("patch", "lease", "forced", "--type=merge", `--patch=${taken}`);
    await until("the loss", () => only.told.at(-1)?.what === "lost");
    assert.equal((await leaseOf("forced")).holderIdentity, "somebody");
  });
});
