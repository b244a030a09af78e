import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const alias = { '@': fileURLToPath(new URL('src', import.meta.url)) }

export default defineConfig({
  test: {
    projects: [
      { resolve: { alias }, test: { name: 'unit', include: ['tests/**/*.test.ts'] } },
      // Against a running server and the built package.
      { resolve: { alias }, test: { name: 'bundle', include: ['e2e/**/*.test.ts'] } },
    ],
  },
})
