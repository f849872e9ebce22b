// SPDX-License-Identifier: BSD-2-Clause
// usage: node verdicts.js MODEL.onnx ROWS WIDTH < values > classes
// What ONNX Runtime says of ROWS rows of little-endian float64: a line each, its label or the place
// of its largest score. ONNXRUNTIME names the folder that the runtime is installed in.
"use strict";
const fs = require("fs");
const path = require("path");
const runtime = require(path.join(process.env.ONNXRUNTIME, "node_modules", "onnxruntime-node"));

const BATCH = 10000;

function tensorOf(type, values, width) {
  const data = type === "int64" ? BigInt64Array.from(values, (value) => BigInt(value))
                                : Float32Array.from(values);
  return new runtime.Tensor(type, data, [values.length / width, width]);
}

function largest(scores, rows) {
  const width = scores.length / rows;
  return Array.from({length: rows}, (_, row) => {
    let best = 0;
    for (let i = 1; i < width; i++)
      if (scores[row * width + i] > scores[row * width + best]) best = i;
    return best;
  });
}

// The label where there is one, by the runtime's own rule for ties.
function classesOf(outputs, rows) {
  const all = Object.values(outputs);
  const label = all.find((output) => output.type !== "float32" && output.data.length === rows);
  return label ? Array.from(label.data, String) : largest(all[0].data, rows);
}

async function main([model, ...numbers]) {
  const [rows, width] = numbers.map(Number);
  const values = new Float64Array(new Uint8Array(fs.readFileSync(0)).buffer);
  const session = await runtime.InferenceSession.create(model, {intraOpNumThreads: 1});
  const size = BATCH * width;
  let type = "float32";
  for (let at = 0; at < rows * width; at += size) {
    const some = values.subarray(at, Math.min(at + size, rows * width));
    let outputs;
    try {
      outputs = await session.run({[session.inputNames[0]]: tensorOf(type, some, width)});
    } catch (error) {
      if (at > 0 || !/int64/.test(error.message)) throw error;
      type = "int64"; // which the file doesn't say here before it is run
      outputs = await session.run({[session.inputNames[0]]: tensorOf(type, some, width)});
    }
    process.stdout.write(classesOf(outputs, some.length / width).join("\n") + "\n");
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`verdicts.js: ${error.message}`);
  process.exit(1);
});
