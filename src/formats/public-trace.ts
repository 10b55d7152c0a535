import { gunzipSync } from "node:zlib";
import seekBzip from "seek-bzip";
import { InputError } from "../core/errors.ts";

/** The content of a file that may be packed with gzip or bzip2, and in a tar archive of one file; told by its bytes. */
export function unpack(bytes: Uint8Array, path: string): Uint8Array {
  return onlyFileOf(uncompress(bytes, path));
}

/** The first file of a tar archive (POSIX ustar: 512-byte headers, size in octal at 124, kind at 156); else the bytes. */
function onlyFileOf(bytes: Uint8Array): Uint8Array {
  const ascii = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
  if (ascii(257, 262) !== "ustar") return bytes;
  for (let at = 0; ascii(at + 257, at + 262) === "ustar";) {
    const size = parseInt(ascii(at + 124, at + 136), 8);
    const isFile = ["0", "\0"].includes(ascii(at + 156, at + 157));
    if (isFile) return bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return bytes.subarray(0, 0);
}

function uncompress(bytes: Uint8Array, path: string): Uint8Array {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
    // "BZh"; the last argument: go on after the first of several streams.
    if (bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68)
      return seekBzip.decode(Buffer.from(bytes), undefined, true);
  } catch (error) {
    throw new InputError("bad_syntax", `${path}: the packed file is damaged (${String(error)}). Fetch it again.`);
  }
  return bytes;
}

/** Seconds [from, to) of a trace, and the divisor of its rates. */
export interface Excerpt {
  readonly from: number;
  readonly to: number;
  readonly damping: number;
}

/**
 * Rates of the public Twitter trace: whole numbers separated by space, one per second. Each is divided
 * by the damping and rounded down, as the paper's load generator does.
 */
export function parsePublicTrace(text: string, path: string, { from, to, damping }: Excerpt): Float64Array {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw new InputError("bad_value", `${path}: the trace is empty.`);
  if (/^\uFEFF?"?(second|arrival_s)\b/.test(words[0] ?? "")) {
    throw new InputError(
      "wrong_kind",
      `${path}: this is a trace file already, not the public trace to import from. Use it as it is.`,
    );
  }
  if (to > words.length || from >= to) {
    throw new InputError(
      "bad_value",
      `${path}: the trace has the seconds 0:${words.length}, which do not hold ${from}:${to}. Choose another --window.`,
    );
  }
  return Float64Array.from(words.slice(from, to), (word, i) => {
    if (!/^\d+$/.test(word)) {
      throw new InputError(
        "wrong_kind",
        `${path}: value ${from + i + 1}, "${word.slice(0, 20)}", is no whole number. The file should hold requests per second, separated by spaces.`,
      );
    }
    return Math.floor(Number(word) / damping);
  });
}
