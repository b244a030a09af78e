import { createPinia } from 'pinia'
import { createSSRApp } from 'vue'
import App from './App.vue'
import pages from './pages.json'
import { setupRouter } from './router'
import { settings } from './utils/request'

export function createApp() {
  const app = createSSRApp(App)
  app.use(createPinia())
  settings.baseUrl = import.meta.env.VITE_API_BASE
  setupRouter(app, pages, () => undefined)
  return { app }
}
