import type { CodegenConfig } from '@graphql-codegen/cli'

const client = {
  preset: 'client',
  presetConfig: { fragmentMasking: false },
  config: {
    enumsAsTypes: true,
    strictScalars: true,
    useTypeImports: true,
    dedupeFragments: true,
    immutableTypes: true,
    defaultScalarType: 'unknown',
    scalars: { ID: 'string', Time: 'string', Duration: 'number', Cursor: 'string', JSON: 'unknown' },
  },
} as const

// A module is never split: what pages beside the workspace ask for (*.pages.graphql) has one of its own, loaded with them.
const config: CodegenConfig = {
  schema: '../graph/schema/*.graphqls',
  generates: {
    'src/gql/': { ...client, documents: ['src/**/*.graphql', '!src/**/*.pages.graphql'] },
    'src/gql/pages/': { ...client, documents: ['src/**/*.pages.graphql', 'src/feed/fragments.graphql'] },
  },
}

export default config
