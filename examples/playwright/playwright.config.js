import { defineConfig } from "@playwright/test";

const port = Number(process.env.PORT ?? 5173);

export default defineConfig({
  testDir: "tests",
  // A busy machine of CI may take its time.
  timeout: 90_000,
  expect: { timeout: 30_000 },
  use: {
    baseURL: `http://localhost:${port}`,
    // Playwright's own browser, or the one of the machine: CHROMIUM=/usr/bin/chromium npm test
    launchOptions: process.env.CHROMIUM
      ? { executablePath: process.env.CHROMIUM, args: (process.env.CHROMIUM_FLAGS ?? "").split(" ").filter(Boolean) }
      : {},
  },
  webServer: {
    command: `vite --port ${port} --strictPort`,
    url: `http://localhost:${port}`,
  },
});
