import { defineConfig } from "vitest/config";

export default defineConfig({
  // The test files share one mock, and each test sets it back.
  test: { fileParallelism: false },
});
