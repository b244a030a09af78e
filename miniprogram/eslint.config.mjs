import pluginVue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

// What people copy into their own app knows nothing of these pages.
const CORE = ['src/utils/*.ts', 'src/api/*.ts', 'src/store/session.ts', 'src/router.ts']

export default tseslint.config(
  { ignores: ['dist/'] },
  ...tseslint.configs.recommendedTypeChecked,
  ...pluginVue.configs['flat/essential'],
  {
    languageOptions: {
      parserOptions: { parser: tseslint.parser, projectService: true, extraFileExtensions: ['.vue'] },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A handler of a page or of uni-app may be asynchronous.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // It takes the type of a reactive object's first value for the type of all.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // `async` is also how what throws at once becomes a rejection.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.vue'],
    rules: {
      'vue/multi-word-component-names': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-unused-refs': 'error',
      'vue/require-explicit-emits': 'error',
    },
  },
  // The types of .vue files are vue-tsc's business.
  { files: ['**/main.ts'], rules: { '@typescript-eslint/no-unsafe-argument': 'off' } },
  {
    files: CORE,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: 'pages\\.json$|/(pages|demo|components|browser)/|/words(/|$)', message: 'The core is copied without it.' }] },
      ],
    },
  },
  { files: ['**/*.mjs', '**/*.mts', 'vite.config.ts'], ...tseslint.configs.disableTypeChecked },
)
