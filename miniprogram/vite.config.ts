import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'

// `npm run dev`: the API is that of `make run`.
const API = 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [uni()],
  server: { proxy: { '/api': API, '/media': API } },
})
