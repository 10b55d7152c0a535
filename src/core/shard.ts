/** One part of a sweep that is cut into `count`: every count-th run, from the index-th on. */
export interface Shard {
  /** From 1 to count. */
  readonly index: number;
  readonly count: number;
}

export function inShard(run: number, { index, count }: Shard): boolean {
  return run % count === index - 1;
}

/** `2/3` is the second of three shards; null for any other text. */
export function parseShard(text: string): Shard | null {
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  return index === undefined || count === undefined || index < 1 || index > count ? null : { index, count };
}

export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}
