package layer

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// maxWalkers is how many directories are read at once.
const maxWalkers = 8

// mounts is a [Layer] seen as mounted snapshots.
type mounts struct {
	child  *root
	parent *root
	method string
}

func openMounts(opts Options) (Layer, error) {
	child, err := openRoot(opts.Child)
	if err != nil {
		return nil, err
	}
	m := &mounts{child: child, method: MethodWhole}
	if opts.Parent == "" {
		return m, nil
	}
	m.method = MethodCompare
	if isOverlay(opts.mountinfo, opts.Child) {
		m.method = MethodOverlay
	}
	if m.parent, err = openRoot(opts.Parent); err != nil {
		_ = child.Close()
		return nil, err
	}
	return m, nil
}

func (m *mounts) Changes(ctx context.Context, choose Chooser, visit Visitor, observe Observer) (*Changes, error) {
	w := &walk{
		ctx: ctx, choose: choose, visits: startVisits(visit), observe: observe, child: m.child, parent: m.parent,
		prune: m.method == MethodOverlay,
		slots: make(chan struct{}, min(runtime.GOMAXPROCS(0), maxWalkers)-1),
	}
	changes, err := w.run()
	if err != nil {
		return nil, err
	}
	changes.Method = m.method
	return changes, nil
}

func (m *mounts) View() View { return rootView{m.child} }

func (m *mounts) Close() error {
	if m.parent != nil {
		_ = m.parent.Close()
	}
	return m.child.Close()
}

// isOverlay says whether a directory is in an overlay mount. Whatever is
// doubtful is not: comparing takes longer and is right everywhere.
func isOverlay(mountinfo, dir string) bool {
	if mountinfo == "" {
		mountinfo = "/proc/self/mountinfo"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return false
	}
	f, err := os.Open(mountinfo)
	if err != nil {
		return false
	}
	defer f.Close()
	best, fstype := -1, ""
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		point, typ, ok := parseMountinfo(s.Text())
		if !ok || !within(dir, point) || len(point) < best {
			continue
		}
		// A later mount at the same point covers the earlier one.
		best, fstype = len(point), typ
	}
	return s.Err() == nil && fstype == "overlay"
}

// parseMountinfo reads one line of mountinfo, see proc_pid_mountinfo(5):
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
func parseMountinfo(line string) (point, fstype string, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields, rest := strings.Fields(before), strings.Fields(after)
	if !ok || len(fields) < 6 || len(rest) < 1 {
		return "", "", false
	}
	return unescapeMount(fields[4]), rest[0], true
}

// unescapeMount undoes the kernel's octal escapes of space, tab, newline and
// backslash.
func unescapeMount(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func within(dir, point string) bool {
	return point == "/" || dir == point || strings.HasPrefix(dir, point+"/")
}
