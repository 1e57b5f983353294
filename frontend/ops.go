package frontend

import (
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// Where the operations' containers see things.
const (
	childDir  = "/mnt/child"
	parentDir = "/mnt/parent"
	blobDir   = "/mnt/blob"
	inDir     = "/mnt/in"
	dbDir     = "/mnt/db"
	outDir    = "/mnt/out"
	tmpDir    = "/tmp"

	analyzeBinary = "scan-analyze"
	matchBinary   = "scan-match"

	blobName      = "layer"
	inventoryFile = "inventory.json"
	requestFile   = "request.json.gz"
	resultFile    = "result.json"
	statusFile    = "status.json"
)

// carrierPath is an empty directory beside every inventory. An attestation
// bundle that names it adds no statement to the image, but makes BuildKit
// export the operation's cache record with the result: see README.md.
const carrierPath = "/.none"

// toolRoot is the root filesystem of an operation: one binary and the places
// that its mounts need, so that it can be mounted read-only.
func toolRoot(binaries llb.State, name string, opts ...llb.ConstraintsOpt) llb.State {
	action := llb.Copy(binaries, "/"+name, "/"+name, &llb.CopyInfo{FollowSymlinks: true})
	for _, d := range []string{"/proc", "/sys", "/dev", "/etc", tmpDir, childDir, parentDir, blobDir, inDir, dbDir, outDir} {
		action = action.Mkdir(d, 0o755, llb.WithParents(true))
	}
	opts = append(opts, llb.WithCustomName("[scan] load "+name))
	return llb.Scratch().File(action, opts...)
}

// runTool is a container that runs untrusted content's scanner: no network, no
// secrets, nothing writable but its output and a tmpfs.
func runTool(root llb.State, args []string, name string, opts ...llb.RunOption) llb.ExecState {
	opts = append([]llb.RunOption{
		llb.Args(args),
		llb.WithCustomName(name),
		llb.Network(pb.NetMode_NONE),
		llb.ReadonlyRootFS(),
		llb.AddMount(tmpDir, llb.Scratch(), llb.Tmpfs()),
	}, opts...)
	return root.Run(opts...)
}

// snapshotMount mounts a layer's snapshot. Its content is not hashed for the
// cache: the key is how the snapshot was made, which costs nothing, where
// hashing would cost more than analysing.
func snapshotMount(dir string, st llb.State) llb.RunOption {
	return llb.AddMount(dir, st, llb.Readonly, llb.ContentCache(llb.MountContentCacheOff))
}

func output(run llb.ExecState) llb.State {
	return run.AddMount(outDir, llb.Scratch().File(llb.Mkdir(carrierPath, 0o755), llb.WithCustomName("[scan] prepare output")))
}

// mount makes an operation see a layer, and tells it how.
func (src layerSource) mount() (args []string, mounts []llb.RunOption) {
	if src.blob != nil {
		return []string{"--tar", path.Join(blobDir, blobName)}, []llb.RunOption{snapshotMount(blobDir, *src.blob)}
	}
	args, mounts = []string{"--child", childDir}, []llb.RunOption{snapshotMount(childDir, *src.child)}
	if src.parent != nil {
		args, mounts = append(args, "--parent", parentDir), append(mounts, snapshotMount(parentDir, *src.parent))
	}
	return args, mounts
}

// analyze finds what a layer brought.
func analyze(root llb.State, src layerSource, s *search, name string, opts ...llb.RunOption) llb.State {
	args, mounts := src.mount()
	more, rules := s.option()
	args = slices.Concat([]string{"/" + analyzeBinary}, args, []string{"--out", outDir}, more)
	return output(runTool(root, args, name, slices.Concat(opts, mounts, rules)...))
}

// layerTree is a layer's files as a tree. It is not what llb.Diff gives: see
// README.md.
func layerTree(root llb.State, src layerSource, name string, opts ...llb.RunOption) llb.State {
	if src.blob == nil && src.parent == nil {
		return *src.child
	}
	args, mounts := src.mount()
	args = slices.Concat([]string{"/" + matchBinary, "layer"}, args, []string{"--out", outDir})
	return runTool(root, args, name, slices.Concat(opts, mounts)...).AddMount(outDir, llb.Scratch())
}

// unpackDatabase makes a database ready for matching.
func unpackDatabase(root llb.State, archive llb.State, name string, opts ...llb.RunOption) llb.State {
	args := []string{"/" + matchBinary, "unpack", "--in", inDir, "--out", outDir}
	run := runTool(root, args, name, append(opts, llb.AddMount(inDir, archive, llb.Readonly))...)
	return run.AddMount(outDir, llb.Scratch())
}

// matchPackages matches the request's packages against an unpacked database.
func matchPackages(root llb.State, db llb.State, request []byte, name string, opts ...llb.RunOption) llb.State {
	in := llb.Scratch().File(llb.Mkfile("/"+requestFile, 0o644, request), llb.WithCustomName("[scan] collect packages"))
	args := []string{"/" + matchBinary, "match", "--db", dbDir, "--in", path.Join(inDir, requestFile), "--out", outDir}
	run := runTool(root, args, name, append(opts,
		llb.AddMount(inDir, in, llb.Readonly),
		snapshotMount(dbDir, db),
	)...)
	return run.AddMount(outDir, llb.Scratch())
}

// largeFile is a file too large for a definition: its packed form is one, and an
// operation inflates it.
func largeFile(root llb.State, packed []byte, name, title string, opts ...llb.RunOption) llb.State {
	const in = "packed.gz"
	src := llb.Scratch().File(llb.Mkfile("/"+in, 0o644, packed), llb.WithCustomName(title))
	args := []string{"/" + matchBinary, "inflate", "--in", path.Join(inDir, in), "--out", path.Join(outDir, name)}
	run := runTool(root, args, title, append(opts, llb.AddMount(inDir, src, llb.Readonly))...)
	return run.AddMount(outDir, llb.Scratch())
}
