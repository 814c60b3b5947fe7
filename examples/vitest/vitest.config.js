import { defineConfig } from "vitest/config";

export default defineConfig({
  // The test files share one mock, and each test sets it back.
  // A busy machine of CI may take its time.
  test: { fileParallelism: false, testTimeout: 30_000, hookTimeout: 30_000 },
});
