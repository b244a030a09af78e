import { createPinia } from 'pinia'
import { createSSRApp } from 'vue'
import { getUser } from './api/app'
import App from './App.vue'
// #ifdef H5
import { loginCode } from './browser/person'
// #endif
import { useShop } from './demo/shop'
import pages from './pages.json'
import { setupRouter } from './router'
import { useSession } from './store/session'
import { afterLogin } from './utils/login'
// #ifdef H5
import { codesFrom } from './utils/login'
// #endif
import { settings } from './utils/request'
import { complain, language } from './words'

export function createApp() {
  const app = createSSRApp(App)
  app.use(createPinia())
  settings.baseUrl = import.meta.env.VITE_API_BASE
  // #ifdef H5
  settings.baseUrl = '/api'
  codesFrom(loginCode)
  // #endif
  settings.headers = () => ({ 'Accept-Language': language() })
  setupRouter(app, pages, complain)
  afterLogin(async () => {
    useSession().user = await getUser(true)
  })
  afterLogin(() => useShop().fetchCart())
  afterLogin((launch) => useShop().welcome(launch))
  return { app }
}
