package files

import (
	"io/fs"
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// kinds is a set of kinds that metadata tell.
type kinds uint8

const (
	setuid kinds = 1 << iota
	setgid
	worldWritable
	socket
)

var kindNames = []string{scan.FileSetuid, scan.FileSetgid, scan.FileWorldWritable, scan.FileSocket}

// names calls yield for every kind in the set.
func (k kinds) names(yield func(string) bool) {
	for i, name := range kindNames {
		if k&(1<<i) != 0 && !yield(name) {
			return
		}
	}
}

const (
	anyExecute  fs.FileMode = 0o111
	othersWrite fs.FileMode = 0o002
)

// kindsOf says what the metadata alone tell. Setuid and setgid bits count where
// the file can be executed: without, setgid is a mark for locking. A directory that
// everybody may write into is as it should be if it has the sticky bit, as /tmp.
func kindsOf(a layer.Attributes) kinds {
	var k kinds
	switch {
	case a.Mode&fs.ModeSocket != 0:
		return socket
	case a.Mode.IsDir():
		if a.Mode&othersWrite != 0 && a.Mode&fs.ModeSticky == 0 {
			k |= worldWritable
		}
	case a.Mode.IsRegular():
		if a.Mode&othersWrite != 0 {
			k |= worldWritable
		}
		if a.Mode&anyExecute != 0 && a.Mode&fs.ModeSetuid != 0 {
			k |= setuid
		}
		if a.Mode&anyExecute != 0 && a.Mode&fs.ModeSetgid != 0 {
			k |= setgid
		}
	}
	return k
}

// kindOfName is the kind that a regular file has for its name, empty for none.
func kindOfName(base string) string {
	if len(base) < 4 {
		return ""
	}
	switch base[0] {
	case '.':
		if isEnv(base) {
			return scan.FileEnv
		}
	case 'i':
		switch base {
		case "id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss":
			return scan.FileSSHKey
		}
	case 's':
		if strings.HasPrefix(base, "ssh_host_") && strings.HasSuffix(base, "_key") {
			return scan.FileSSHKey
		}
	}
	return ""
}

// isEnv recognises .env and .env.production, and not .env.example, which is made
// to be copied and filled in.
func isEnv(base string) bool {
	rest, ok := strings.CutPrefix(base, ".env")
	if !ok || rest == "" {
		return ok
	}
	if rest[0] != '.' || len(rest) == 1 {
		return false
	}
	switch strings.ToLower(path.Ext(rest)) {
	case ".example", ".sample", ".template", ".dist":
		return false
	}
	return true
}

// isCoreName says whether a file is called as the kernel calls a core dump: core
// or core.<pid>.
func isCoreName(base string) bool {
	pid, ok := strings.CutPrefix(base, "core")
	if !ok || pid == "" {
		return ok
	}
	return len(pid) > 1 && pid[0] == '.' && strings.Trim(pid[1:], "0123456789") == ""
}

// isLibraryName says whether a name is that of a shared library: libc.so.6 can be
// executed, and is still no program.
func isLibraryName(base string) bool {
	return strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.") || strings.HasSuffix(base, ".node")
}

// gitOf returns the topmost .git that a path is or is below, empty for none.
func gitOf(p string) string {
	const dir = ".git"
	for at := 0; ; {
		i := strings.Index(p[at:], dir)
		if i < 0 {
			return ""
		}
		i += at
		at = i + len(dir)
		if (i == 0 || p[i-1] == '/') && (at == len(p) || p[at] == '/') {
			return p[:at]
		}
	}
}
