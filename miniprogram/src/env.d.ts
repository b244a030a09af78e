/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the API is, `/api` included and no slash behind it. */
  readonly VITE_API_BASE: string
}
