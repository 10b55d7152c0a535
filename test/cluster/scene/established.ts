import type { ControlPlane } from "../control-plane/control-plane.ts";
import { until } from "../control-plane/until.ts";

/** Waits until the API server serves the objects of a definition. */
export async function established(plane: Pick<ControlPlane, "kubectl">, definition: string): Promise<void> {
  // Of one that has just been made, and so has no conditions, kubectl does not wait for any.
  await until(`definition ${definition}`, async () => {
    await plane.kubectl("wait", "--for=condition=Established", `crd/${definition}`, "--timeout=30s");
    return true;
  });
}
