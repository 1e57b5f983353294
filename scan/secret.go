package scan

// SecretSource says where a secret was found.
type SecretSource string

// The sources of secrets.
const (
	// SecretInFile is a file of a layer, also one that a later layer removes.
	SecretInFile SecretSource = "file"
	// SecretInConfig is the image's configuration: environment, labels,
	// entrypoint, command, history.
	SecretInConfig SecretSource = "config"
	// SecretInDockerfile is the Dockerfile itself: ARG, ENV, heredocs.
	SecretInDockerfile SecretSource = "dockerfile"
)

// Secret is a credential that was found where an image or its Dockerfile can be
// read. It never holds the value itself.
type Secret struct {
	// Rule is the rule's id, e.g. "aws-access-token" of gitleaks' rules.
	Rule string `json:"rule"`
	// Description is the rule's sentence about what was found.
	Description string       `json:"description,omitempty"`
	Source      SecretSource `json:"source"`
	// Path of the file as in [LayerInventory]; "outer.zip!inner" inside an
	// archive. In the configuration it names the field: "Env", "Labels",
	// "Entrypoint", "Cmd", "History"; in a Dockerfile it is the Dockerfile's name.
	Path string `json:"path"`
	// Line, EndLine (1-based) and Column (1-based, in bytes) of the match. A rule
	// that judges by the path alone has none: zero. In a configuration Line counts
	// the field's entries.
	Line    int `json:"line,omitempty"`
	EndLine int `json:"endLine,omitempty"`
	Column  int `json:"column,omitempty"`
	// Redacted shows enough to recognise the secret by whoever knows it.
	Redacted string `json:"redacted,omitempty"`
	// Fingerprint tells secrets apart and is the same for the same rule and value
	// wherever it is found. It cannot be turned back into the value.
	Fingerprint string `json:"fingerprint"`
	// Dismissed says why the secret is none that matters, e.g. test data of a
	// distribution's package; empty for one that counts.
	Dismissed string `json:"dismissed,omitempty"`
	// Allowed is the reason that the user's own list gives for accepting it;
	// empty for one that counts. It is set by the policy.
	Allowed string `json:"allowed,omitempty"`

	// Layer brought the secret in: an index into [Stage.Layers], -1 where no layer
	// did (configuration, Dockerfile). Zero in a LayerInventory.
	Layer int `json:"layer"`
	// Removed is the later layer that removed or replaced the file, an index into
	// [Stage.Layers]; 0 if the stage's final snapshot still has it. The secret is in
	// the image all the same.
	Removed int `json:"removed,omitempty"`
	// Instruction is the Dockerfile instruction that wrote a secret of no layer;
	// nil if it is not known.
	Instruction *Layer `json:"instruction,omitempty"`
	// Decision of the policy; nil before it has decided.
	Decision *Decision `json:"decision,omitempty"`
}

// Counts says whether the secret is one to act on.
func (s Secret) Counts() bool {
	return s.Dismissed == "" && s.Allowed == "" && (s.Decision == nil || s.Decision.Action != ActionIgnore)
}
