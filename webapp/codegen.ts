import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: '../graph/schema/*.graphqls',
  documents: 'src/**/*.graphql',
  generates: {
    'src/gql/': {
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
    },
  },
}

export default config
