package scan

// Misconfiguration is a weakness in how an image is made or configured, found by
// a check of package check or by a lint rule of BuildKit's.
type Misconfiguration struct {
	// Check is the check's id, e.g. "root-user"; a lint rule's begins with
	// "dockerfile/", e.g. "dockerfile/StageNameCasing".
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	// Message says what was seen, with the names it concerns.
	Message string `json:"message"`
	// Subject is the one thing of the image's configuration that it is about, as the
	// configuration has it: a port ("22/tcp"), a volume's path, the name of a variable
	// or label, the user. Empty where it is about something that is missing, or not
	// about the configuration.
	Subject string `json:"subject,omitempty"`
	// Paths are the files it is about, at most 20; Count is how many there are.
	Paths []string `json:"paths,omitempty"`
	Count int      `json:"count,omitempty"`
	URL   string   `json:"url,omitempty"`
	// Layer brought it in: an index into [Stage.Layers], -1 where no layer did
	// (configuration, Dockerfile).
	Layer int `json:"layer"`
	// Instruction is the Dockerfile instruction to change where no layer tells it;
	// nil if it is not known.
	Instruction *Layer `json:"instruction,omitempty"`
	// Decision of the policy; nil before it has decided.
	Decision *Decision `json:"decision,omitempty"`
}

// The kinds of [FileFact].
const (
	FileSetuid        = "setuid"
	FileSetgid        = "setgid"
	FileWorldWritable = "world-writable" // a file, or a directory without sticky bit
	FileGit           = "git"            // a .git directory or file
	FileEnv           = "env"            // .env and its like
	FileSSHKey        = "ssh-key"        // by name or content
	FileCore          = "core-dump"
	FilePackageCache  = "package-cache" // caches and lists that a package manager left
	FileSocket        = "socket"
	// FileProgram is an executable that no package of the layer's snapshot owns.
	FileProgram = "program"
)

// FileFact is a file or directory worth a look for what it is or who may use it.
type FileFact struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	// Mode is the permission bits in octal, setuid, setgid and sticky included,
	// e.g. "4755".
	Mode string `json:"mode,omitempty"`
	UID  int    `json:"uid,omitempty"`
	GID  int    `json:"gid,omitempty"`
	Dir  bool   `json:"dir,omitempty"`
	// Size in bytes: of a package cache all that the layer put into it.
	Size int64 `json:"size,omitempty"`
	// Package is the distribution's package that owns the file, if one does.
	Package string `json:"package,omitempty"`
	// Layer and Removed are as in [Secret]; zero in a LayerInventory.
	Layer   int `json:"layer"`
	Removed int `json:"removed,omitempty"`
}

// Owner counts what belongs to a user and group other than root.
type Owner struct {
	UID int `json:"uid"`
	GID int `json:"gid"`
	// Count of files and directories, and the first of them by path.
	Count int    `json:"count"`
	Path  string `json:"path"`
	// Layer is zero in a LayerInventory and set by merging.
	Layer int `json:"layer"`
}

// Accounts are the numeric ids that etc/passwd and etc/group know.
type Accounts struct {
	Users  []int `json:"users,omitempty"`
	Groups []int `json:"groups,omitempty"`
	// Names maps a user's name to its id, for USER instructions by name.
	Names map[string]int `json:"names,omitempty"`
}
