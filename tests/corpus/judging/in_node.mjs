// pixelmatch and odiff on pairs of PNGs, as a process; the packages are in the folder that the argument names.
// Standard input is a list of [name, reference, candidate] in JSON; the output is what `tools.Found` says.
import { readFileSync, rmSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const require = createRequire(join(folder, "package.json"));
const versionOf = (name) => JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"))).version;
const { default: pixelmatch } = await import(pathToFileURL(require.resolve("pixelmatch")));
const { PNG } = require("pngjs");
const { compare } = require("odiff-bin");

const scratch = mkdtempSync(join(tmpdir(), "odiff-"));
const odiff = async (reference, candidate, options) => {
  const found = await compare(reference, candidate, join(scratch, "diff.png"), options);
  if (found.match) return 0;
  if (found.reason !== "pixel-diff") throw new Error(`odiff: ${found.reason}`);
  return found.diffCount;
};

const scores = {};
for (const [name, reference, candidate] of JSON.parse(readFileSync(0, "utf8"))) {
  const [first, second] = [reference, candidate].map((path) => PNG.sync.read(readFileSync(path)));
  scores[name] = {
    "pixelmatch": pixelmatch(first.data, second.data, null, first.width, first.height),
    "odiff": await odiff(reference, candidate, {}),
    "odiff, antialiasing": await odiff(reference, candidate, { antialiasing: true }),
  };
}
rmSync(scratch, { recursive: true });
const versions = ["pixelmatch", "odiff-bin"].map((name) => `${name} ${versionOf(name)}`);
process.stdout.write(JSON.stringify({ versions, scores }));
