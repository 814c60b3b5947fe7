import { defineConfig } from "@playwright/test";

const port = Number(process.env.PORT ?? 5173);

export default defineConfig({
  testDir: "tests",
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
