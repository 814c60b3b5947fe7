#!/usr/bin/env node
// Runs the Python program contract-first, of this package's version, by uv or else by pipx.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { version } = require("./package.json");

const WHAT = `contract-first[check,s3]==${version}`;
const RUNNERS = [
  ["uvx", "--from", WHAT, "contract-first"],
  ["pipx", "run", "--spec", WHAT, "contract-first"],
];
const NOT_FOUND = 127;

function run([program, ...begin], others) {
  const child = spawn(program, [...begin, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // a terminal sends SIGINT to both; this process waits for the other's end
    process.on(signal, () => signal === "SIGINT" || child.kill(signal));
  }
  child.on("error", (error) => {
    if (error.code === "ENOENT" && others.length > 0) {
      run(others[0], others.slice(1));
    } else {
      console.error(
        error.code === "ENOENT"
          ? "contract-first is a Python program: install uv (https://docs.astral.sh/uv) or pipx, and run this again."
          : `${program} cannot be run: ${error.message}`,
      );
      process.exitCode = NOT_FOUND;
    }
  });
  child.on("exit", (status, signal) => {
    process.exitCode = status ?? 128 + constants.signals[signal];
  });
}

run(RUNNERS[0], RUNNERS.slice(1));
