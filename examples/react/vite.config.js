import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // `contract-first mock exec` says where the mock is; in production this variable names the real API
  envPrefix: ["VITE_", "MOCK_API_URL"],
  test: { environment: "jsdom", globals: true },
});
