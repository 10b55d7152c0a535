import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import type { Component } from "./programs.ts";

// The command line of each program: the defaults, but for what makes a test quick.

export interface Place {
  /** Of this control plane alone. */
  readonly directory: string;
  readonly kubeconfig: string;
  readonly certificates: Certificates;
  readonly ports: Readonly<Record<"etcd" | "etcdPeer" | "apiServer" | "controllerManager" | "scheduler", number>>;
}

/** KWOK plays the kubelet of nodes with this annotation alone, so that a test may play it for others. */
export const KWOK_NODE = { "kwok.x-k8s.io/node": "fake" };

// With the limits of the defaults, 20 and 50 requests a second, a hundred replicas would take seconds.
const REQUESTS_PER_SECOND = 1000;

export function argumentsOf(component: Component, place: Place): readonly string[] {
  switch (component) {
    case "etcd":
      return etcd(place);
    case "kube-apiserver":
      return apiServer(place);
    case "kube-controller-manager":
      return controllerManager(place);
    case "kube-scheduler":
      return scheduler(place);
    case "kwok":
      return kwok(place);
  }
}

function etcd({ directory, ports }: Place): readonly string[] {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    "--unsafe-no-fsync",
  ];
}

function apiServer({ certificates, ports }: Place): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${ports.apiServer}`,
    "--service-cluster-ip-range=10.0.0.0/16",
    `--tls-cert-file=${certificates.server}`,
    `--tls-private-key-file=${certificates.serverKey}`,
    `--client-ca-file=${certificates.authority}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${certificates.serviceAccountKey}`,
    `--service-account-signing-key-file=${certificates.serviceAccountKey}`,
    "--authorization-mode=RBAC",
  ];
}

function controllerManager({ certificates, kubeconfig, ports }: Place): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${certificates.serviceAccountKey}`,
    `--root-ca-file=${certificates.authority}`,
    `--cluster-signing-cert-file=${certificates.authority}`,
    `--cluster-signing-key-file=${certificates.authorityKey}`,
    `--tls-cert-file=${certificates.server}`,
    `--tls-private-key-file=${certificates.serverKey}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.controllerManager}`,
    `--kube-api-qps=${REQUESTS_PER_SECOND}`,
    `--kube-api-burst=${REQUESTS_PER_SECOND}`,
    "--node-monitor-period=1s",
  ];
}

function scheduler({ directory, certificates, kubeconfig, ports }: Place): readonly string[] {
  const file = join(directory, "scheduler.json");
  const configuration = {
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    clientConnection: { kubeconfig, qps: REQUESTS_PER_SECOND, burst: REQUESTS_PER_SECOND },
    leaderElection: { leaderElect: false },
    // A pod that found no room is tried again within a second of room being made, not ten.
    podInitialBackoffSeconds: 1,
    podMaxBackoffSeconds: 1,
  };
  writeFileSync(file, JSON.stringify(configuration));
  return [
    `--config=${file}`,
    `--tls-cert-file=${certificates.server}`,
    `--tls-private-key-file=${certificates.serverKey}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.scheduler}`,
  ];
}

function kwok({ kubeconfig }: Place): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${join(import.meta.dirname, "stages.yaml")}`,
    ...Object.entries(KWOK_NODE).map(([key, value]) => `--manage-nodes-with-annotation-selector=${key}=${value}`),
    "--node-lease-duration-seconds=40",
    // Addresses that nobody has: for documentation, and out of the range of services.
    "--node-ip=192.0.2.1",
    "--cidr=10.1.0.0/16",
  ];
}
