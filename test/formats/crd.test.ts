import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { stringify } from "yaml";
import { customResourceDefinition } from "../../src/formats/crd.ts";
import { parseYaml } from "../../src/formats/yaml.ts";
import { readProfiles, SHIPPED } from "./shipped.ts";
import { parseResource } from "../../src/formats/resource.ts";
import { filled, invalid, openApiSchema, type OpenApi } from "./open-api.ts";

const file = new URL("../../deploy/crd.yaml", import.meta.url);
const HEADER =
  "# The custom resource that `ipa control` serves; `npm run schema` writes this from the schema of pipeline files.\n";

test("deploy/crd.yaml is that of the schema (else run `npm run schema` and `npm run format`)", () => {
  const crd = customResourceDefinition();
  if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(file, HEADER + stringify(crd, { lineWidth: 0 }));
  assert.deepEqual(parseYaml(readFileSync(file, "utf8"), "crd.yaml").value, crd);
});

/** Each schema inside, with its path. */
function inside(schema: OpenApi, path = ""): readonly (readonly [path: string, schema: OpenApi])[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    [path, schema],
    ...Object.entries(properties).flatMap(([key, one]) => inside(one, `${path}.${key}`)),
    ...(items === undefined ? [] : inside(items, `${path}[]`)),
    ...(additionalProperties === undefined ? [] : inside(additionalProperties, `${path}.*`)),
  ];
}

const all = inside(openApiSchema());

test("it is structural: one type in each place, no fractions, nothing that Kubernetes does not know", () => {
  assert.ok(all.length > 150, `only ${all.length} schemas were looked at`);
  const keys = new Set<string>();
  for (const [path, schema] of all) {
    const intOrString = schema["x-kubernetes-int-or-string"] === true;
    const types = ["object", "array", "string", "integer", "boolean"];
    assert.ok(
      intOrString ? schema.type === undefined : types.includes(schema.type ?? "none"),
      `${path}: ${schema.type}`,
    );
    for (const key of Object.keys(schema)) keys.add(key);
  }
  assert.deepEqual(
    [...keys].filter((key) => /^(\$|anyOf|oneOf|allOf|not$|const$|title|propertyNames|prefixItems|examples)/.test(key)),
    [],
  );
  assert.doesNotMatch(JSON.stringify(customResourceDefinition()), /"number"/);
});

test("each field says what it is, and each list how long it may be and how it is merged", () => {
  const byTheServer = new Set([".apiVersion", ".kind", ".metadata"]);
  for (const [path, { description, type, maxItems, items, ...rest }] of all) {
    const isField = /\.[^.*[\]]+$/.test(path) && !byTheServer.has(path);
    if (isField) assert.ok((description ?? "").length > 3, `${path} says nothing`);
    if (type !== "array") continue;
    assert.ok(maxItems !== undefined, `${path} has no maxItems`);
    if (items?.type === "object") assert.equal(rest["x-kubernetes-list-type"], "map", path);
  }
});

test("regular expressions are such that Go knows them, too", () => {
  const patterns = all.flatMap(([, { pattern }]) => pattern ?? []);
  assert.ok(patterns.length > 40);
  for (const pattern of patterns) assert.doesNotMatch(pattern, /\(\?[^:]|\\[1-9bBpP]/);
});

for (const name of SHIPPED) {
  test(`${name} is a valid object as it is, and what is filled in by default changes nothing`, () => {
    const { value } = parseYaml(readFileSync(new URL(`../../pipelines/${name}`, import.meta.url), "utf8"), name);
    const schema = openApiSchema();
    assert.deepEqual(invalid(schema, value), []);
    const object = filled(schema, value);
    assert.deepEqual(invalid(schema, object), []);
    assert.notDeepEqual(object, value);
    const profiles = readProfiles();
    assert.deepEqual(parseResource(object, profiles, name), parseResource(value, profiles, name));
  });
}
