import { KubeError } from "./errors.ts";
import type { KubeObject, ObjectList } from "./objects.ts";

interface Page {
  readonly apiVersion: string;
  /** "PodList". */
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly Partial<KubeObject>[] | null;
}

type Paging = Readonly<Record<"limit" | "continue", string | undefined>>;

/** Follows the pages of a list. All are of one moment; when that is too long ago (410), the whole is asked for at once. */
export async function listPages(pageSize: number, get: (paging: Paging) => Promise<unknown>): Promise<ObjectList> {
  const items: KubeObject[] = [];
  let paging: Paging = { limit: String(pageSize), continue: undefined };
  for (;;) {
    const page = await get(paging).catch((error: unknown) => {
      if (paging.continue === undefined || !(error instanceof KubeError) || error.status !== 410) throw error;
      items.length = 0;
      return get({ limit: undefined, continue: undefined });
    });
    const { metadata, ...rest } = page as Page;
    for (const item of itemsOf(rest)) items.push(item);
    if (metadata.continue === undefined || metadata.continue === "") {
      return { items, resourceVersion: metadata.resourceVersion };
    }
    paging = { ...paging, continue: metadata.continue };
  }
}

/** In lists of built-in kinds the items don't say what they are. */
function itemsOf({ apiVersion, kind, items }: Omit<Page, "metadata">): readonly KubeObject[] {
  return (items ?? []).map((item) => ({ apiVersion, kind: kind.replace(/List$/, ""), ...item }) as KubeObject);
}
