/** A point to be labelled, in pixels; y downwards. */
export interface Labelled {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Where a label stands next to its point, in pixels. */
export interface Placement {
  readonly dx: number;
  readonly dy: number;
  readonly textAnchor: "start" | "middle" | "end";
}

const CHARACTER_WIDTH = 8;
const HALF_HEIGHT = 9;
const POINT_RADIUS = 8;

const places: readonly Placement[] = [
  { dx: 0, dy: -16, textAnchor: "middle" },
  { dx: 11, dy: 0, textAnchor: "start" },
  { dx: -11, dy: 0, textAnchor: "end" },
  { dx: 0, dy: 16, textAnchor: "middle" },
];

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A place for each label, above, beside or below its point, such that none covers another label or
 * point or leaves the width; null if there is no such place for one of them (found one after the other).
 */
export function placeLabels(points: readonly Labelled[], width: number): readonly Placement[] | null {
  const taken: Box[] = points.map(({ x, y }) => boxAround(x - POINT_RADIUS, x + POINT_RADIUS, y, POINT_RADIUS));
  const placements: Placement[] = [];
  for (const point of points) {
    const place = places.find((candidate) => {
      const box = labelBox(point, candidate);
      return box.left >= 0 && box.right <= width && !taken.some((other) => overlap(box, other));
    });
    if (place === undefined) return null;
    placements.push(place);
    taken.push(labelBox(point, place));
  }
  return placements;
}

function labelBox({ name, x, y }: Labelled, { dx, dy, textAnchor }: Placement): Box {
  const length = name.length * CHARACTER_WIDTH;
  const start = x + dx - (textAnchor === "start" ? 0 : textAnchor === "end" ? length : length / 2);
  return boxAround(start, start + length, y + dy, HALF_HEIGHT - 1);
}

function boxAround(left: number, right: number, y: number, half: number): Box {
  return { left, right, top: y - half, bottom: y + half };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
