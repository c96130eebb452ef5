// pixelmatch, odiff, looks-same and reg-cli on pairs of PNGs, as a process; the packages are in the folder that the
// argument names. Standard input is a list of [name, reference, candidate] in JSON; the output is what `tools.Found`
// says.
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
const looksSame = require("looks-same");
// What reg-cli counts with; reg-cli itself tells no more than whether a pair passes.
const { imgDiff } = createRequire(require.resolve("reg-cli"))("img-diff-js");

const scratch = mkdtempSync(join(tmpdir(), "tools-"));
const odiff = async (reference, candidate, options) => {
  const found = await compare(reference, candidate, join(scratch, "diff.png"), options);
  if (found.match) return 0;
  if (found.reason !== "pixel-diff") throw new Error(`odiff: ${found.reason}`);
  return found.diffCount;
};
const looks = async (reference, candidate) => {
  const found = await looksSame(reference, candidate, { createDiffImage: true });
  return found.equal ? 0 : found.differentPixels;
};
const reg = async (reference, candidate) => {
  const options = { threshold: 0, includeAA: true }; // reg-cli's own defaults
  const found = await imgDiff({ actualFilename: candidate, expectedFilename: reference, options });
  return found.diffCount;
};

const scores = {};
for (const [name, reference, candidate] of JSON.parse(readFileSync(0, "utf8"))) {
  const [first, second] = [reference, candidate].map((path) => PNG.sync.read(readFileSync(path)));
  scores[name] = {
    "pixelmatch": pixelmatch(first.data, second.data, null, first.width, first.height),
    "odiff": await odiff(reference, candidate, {}),
    "odiff, antialiasing": await odiff(reference, candidate, { antialiasing: true }),
    "looks-same": await looks(reference, candidate),
    "reg-cli": await reg(reference, candidate),
  };
}
rmSync(scratch, { recursive: true });
const names = ["pixelmatch", "odiff-bin", "looks-same", "reg-cli"];
const versions = names.map((name) => `${name} ${versionOf(name)}`);
process.stdout.write(JSON.stringify({ versions, scores }));
