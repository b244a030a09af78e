/** The mini-program's package and its core must stay small: `npm run build:mp-weixin` first. */

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = 'dist/build/mp-weixin'
const CORE = ['api/app.js', 'router.js', 'store/session.js', 'utils/errors.js', 'utils/login.js', 'utils/pages.js', 'utils/request.js']
const LIMITS = { core: 12 * 1024, package: 150 * 1024 }

const bytes = (file) => statSync(join(PACKAGE, file)).size
const sum = (files) => files.reduce((total, file) => total + bytes(file), 0)
const all = readdirSync(PACKAGE, { recursive: true }).filter((file) => statSync(join(PACKAGE, file)).isFile())
const sizes = { core: sum(CORE), package: sum(all) }

for (const [name, size] of Object.entries(sizes)) {
  const fits = size <= LIMITS[name]
  process.stdout.write(`${name}: ${size} of ${LIMITS[name]} bytes${fits ? '' : ', too large'}\n`)
  if (!fits) process.exitCode = 1
}
