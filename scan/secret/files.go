package secret

import _ "embed"

// filesTOML is the set of rules for well-known files. Its comments say what each
// rule is for.
//
//go:embed files.toml
var filesTOML []byte
