// Package scan holds the vocabulary of a scan: the inventory of one layer and
// of one stage, findings, the verdict and the report that carries them all.
//
// It knows files and findings and nothing of BuildKit, Docker or registries.
// The work is done in its sub-packages, each of which owns one step:
//
//	layer     what one layer changed, seen from its mounts or its tar
//	extract   changed files → packages
//	secret    changed files and texts → [Secret]
//	files     changed files → [FileFact], [Owner], [Accounts]
//	analyze   all of these in one walk → [LayerInventory]
//	merge     layer inventories, oldest first → [Stage]
//	match     stages + vulnerability database → findings
//	vulndb    obtaining and checking vulnerability databases
//	dbbuild   advisories → vulnerability database
//	base      which base images could be used instead, and what would change
//	check     facts about configuration and files → [Misconfiguration]
//	vex       statements that a vulnerability does not affect an image
//	policy    findings + options → [Decision], [Verdict]: rules in Rego
//	report    [Report] → JSON, table, SPDX, …
//	config    the options of a scan, whichever road they came by
//
// All values here are written to JSON between the operations of a build, so a
// change of a field's meaning is a change of [SchemaVersion].
package scan

// SchemaVersion is the version of the JSON documents made from this package's
// types. Readers refuse a document of another version.
const SchemaVersion = 1
