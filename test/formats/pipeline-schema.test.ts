import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pipelineJsonSchema, pipelineSchema } from "../../src/formats/pipeline-schema.ts";
import { sweepKind } from "../../src/formats/sweep-schema.ts";
import { SHIPPED } from "./shipped.ts";
import { parseYaml } from "../../src/formats/yaml.ts";

const root = new URL("../..", import.meta.url);
const schemas = { "pipeline.schema.json": pipelineJsonSchema(), "sweep.schema.json": sweepKind.jsonSchema() };

test("the JSON Schemas in docs are those of the schemas (else run `npm run schema` and `npm run format`)", () => {
  for (const [name, schema] of Object.entries(schemas)) {
    const file = new URL(`docs/${name}`, root);
    if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), schema);
  }
});

test("all shipped pipelines agree with the schema and tell editors where it is", () => {
  const names = readdirSync(new URL("pipelines", root)).filter((name) => name.endsWith(".yaml"));
  assert.deepEqual(names.sort(), [...SHIPPED]);
  for (const name of names) {
    const text = readFileSync(new URL(`pipelines/${name}`, root), "utf8");
    assert.match(text, /^# yaml-language-server: \$schema=\.\.\/docs\/pipeline\.schema\.json\n/);
    assert.equal(pipelineSchema.safeParse(parseYaml(text, name).value).error, undefined, name);
  }
});

test("each object of the schema refuses unknown keys, but for metadata and the maps by name", () => {
  const open: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if ("properties" in value && !("additionalProperties" in value && value.additionalProperties === false))
      open.push(path);
    for (const [key, inside] of Object.entries(value)) look(inside, `${path}/${key}`);
  };
  for (const [name, schema] of Object.entries(schemas)) look(schema, name);
  assert.deepEqual(open, ["pipeline.schema.json/properties/metadata", "sweep.schema.json/properties/metadata"]);
});
