import { isAlias, isMap, isNode, isScalar, LineCounter, parseAllDocuments, visit, type Document } from "yaml";
import { InputError } from "../core/errors.ts";
import { Complaints, type Place } from "./complaints.ts";

/** A place in a YAML file, as keys and indices from the top. */
export type YamlPath = readonly (string | number)[];

/** What a YAML file holds, or an object that came another way and has no lines. */
export interface YamlFile {
  readonly value: unknown;
  /** Of a value, or of the nearest thing around it that is there. */
  readonly place: (path: YamlPath) => Place;
  /** Of a key itself. */
  readonly keyPlace: (path: YamlPath, key: string) => Place;
}

/** In plainer words than the parser's, by its code. */
const said: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this key is there already",
  MULTILINE_IMPLICIT_KEY: "this line is no `key: value`: a colon with a space after it is missing here or just below",
};

/** Reads one YAML document; an InputError names what is wrong with its line and column. */
export function parseYaml(text: string, path: string): YamlFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const complaints = new Complaints(path);
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined || document.contents === null) {
    throw new InputError("bad_value", `${path}: the file is empty. It should hold what docs/formats.md describes.`);
  }
  // One tab makes more errors, which would hide what it is about.
  const tabs = document.errors.filter((error) => error.code === "TAB_AS_INDENT");
  for (const error of tabs.length > 0 ? tabs : document.errors) {
    const duplicate = error.code === "DUPLICATE_KEY";
    const advice = duplicate
      ? "Keep one of the two."
      : error.code === "TAB_AS_INDENT"
        ? "Indent with spaces."
        : "Correct the YAML.";
    const [message = ""] = error.message.split(/ at line /);
    complaints.add(
      placeOf(error.pos[0]),
      "",
      `${said[error.code] ?? message}. ${advice}`,
      duplicate ? "duplicate" : "bad_syntax",
    );
  }
  if (second !== undefined) {
    complaints.add(
      placeOf(second.range[0]),
      "",
      "a second document begins here. Put each into a file of its own.",
      "bad_syntax",
    );
  }
  visit(document, {
    Alias: (_key, node, ancestors) => {
      const at = placeOf(node.range?.[0] ?? 0);
      // An alias inside its own anchor makes an endless value.
      if (ancestors.some((ancestor) => isNode(ancestor) && "anchor" in ancestor && ancestor.anchor === node.source)) {
        complaints.add(at, "", `*${node.source} stands inside &${node.source}. Write the value out.`, "bad_syntax");
      } else if (node.resolve(document) === undefined) {
        const text = `there is no &${node.source} before *${node.source}. Correct the name, or write the value out.`;
        complaints.add(at, "", text, "unknown_name");
      }
    },
  });
  complaints.throwIfAny();

  const place = (at: YamlPath): { line: number; column: number } => {
    for (let depth = at.length; depth >= 0; depth--) {
      const node: unknown = nodeAt(document, at.slice(0, depth));
      if (isNode(node) && node.range) return placeOf(node.range[0]);
    }
    return { line: 1, column: 1 };
  };
  const keyPlace = (at: YamlPath, key: string) => {
    const map: unknown = nodeAt(document, at);
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    return isScalar(pair?.key) && pair.key.range ? placeOf(pair.key.range[0]) : place(at);
  };
  return { value: valueOf(document, path), place, keyPlace };
}

function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases of aliases that multiply.
    if (!(error instanceof ReferenceError)) throw error;
    throw new InputError("bad_syntax", `${path}: ${error.message}. Write the values out instead of using aliases.`);
  }
}

function nodeAt(document: Document, path: YamlPath): unknown {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isAlias(node) ? node.resolve(document) : node;
}
