#!/usr/bin/env node
// Plain JavaScript, so that a Node that cannot run TypeScript still says what is wrong.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `ipa needs Node 22.19 or newer; this is ${process.versions.node}. ` +
      "Run it through npm (`npx ipa …`, `npm start`), which finds the Node that `npm ci` installed.",
  );
  process.exit(2);
}
const { main } = await import("../src/cli.ts");
process.exitCode = await main(process.argv.slice(2));
