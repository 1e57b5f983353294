// Package scan holds the vocabulary of a scan: the inventory of one layer and
// of one stage, findings, the verdict and the report that carries them all.
//
// It knows files and findings and nothing of BuildKit, Docker or registries.
// The work is done in its sub-packages, each of which owns one step:
//
//	layer     what one layer changed, seen from its mounts or its tar
//	extract   changed files → [LayerInventory]
//	merge     layer inventories, oldest first → [Stage]
//	match     stages + vulnerability database → findings
//	vulndb    obtaining, checking and building vulnerability databases
//	check     facts about configuration and files → [Misconfiguration]
//	policy    findings + options → [Verdict]
//	report    [Report] → JSON, table, SPDX, …
//	config    the options of a scan, whichever road they came by
//
// All values here are written to JSON between the operations of a build, so a
// change of a field's meaning is a change of [SchemaVersion].
package scan

// SchemaVersion is the version of the JSON documents made from this package's
// types. Readers refuse a document of another version.
const SchemaVersion = 1
