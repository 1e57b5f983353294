package report

import (
	_ "embed"
	"slices"
)

// SchemaID is where the JSON Schema of the json format is published.
const SchemaID = "https://github.com/scan-build/scan-build/raw/main/scan/report/report.schema.json"

//go:embed report.schema.json
var publishedSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of the json format. It is
// generated from the types of package scan by this package's tests, which hold it
// to its promise: within one schemaVersion fields are only added.
func Schema() []byte { return slices.Clone(publishedSchema) }
