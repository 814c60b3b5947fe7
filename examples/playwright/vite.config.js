import { defineConfig } from "vite";

export default defineConfig({
  // The page is told where the mock is, and a key that is meant to be public.
  envPrefix: ["SCANNER_API_URL", "SCANNER_API_KEY_PUBLISHABLE"],
});
