package files

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/layer"
)

const (
	passwdFile = "etc/passwd"
	groupFile  = "etc/group"
	// maxAccountFile is the size up to which these are read.
	maxAccountFile = 4 << 20
	// maxAccounts is how many users or groups are listed.
	maxAccounts = 10_000
)

// readAccounts reads what the snapshot has of etc/passwd and etc/group; from a tar
// what the tar has.
func readAccounts(r *result) *scan.Accounts {
	a := &scan.Accounts{Names: map[string]int{}}
	for _, f := range []struct {
		name  string
		field int
		take  func(name string, id int)
	}{
		{passwdFile, 2, func(name string, id int) {
			a.Users = append(a.Users, id)
			// The first one counts, as for getpwnam.
			if _, known := a.Names[name]; !known && len(a.Names) < maxAccounts {
				a.Names[name] = id
			}
		}},
		{groupFile, 2, func(_ string, id int) { a.Groups = append(a.Groups, id) }},
	} {
		b, err := readAccountFile(r.view, f.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			r.problem(f.name, "the accounts are not known from here: "+err.Error())
			continue
		}
		eachAccount(b, f.field, f.take)
	}
	a.Users, a.Groups = r.distinctIDs(passwdFile, a.Users), r.distinctIDs(groupFile, a.Groups)
	if len(a.Names) == 0 {
		a.Names = nil
	}
	return a
}

// eachAccount reads lines of fields with colons between them, see passwd(5) and
// group(5). What is no such line is skipped, as the C library does.
func eachAccount(b []byte, field int, take func(name string, id int)) {
	for line := range bytes.Lines(b) {
		fields := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", field+2)
		if len(fields) <= field || fields[0] == "" || strings.ContainsAny(fields[0][:1], "+-#") {
			continue
		}
		if id, err := strconv.ParseUint(fields[field], 10, 32); err == nil {
			take(extract.ValidPath(fields[0]), int(id))
		}
	}
}

func (r *result) distinctIDs(file string, ids []int) []int {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if more := len(ids) - maxAccounts; more > 0 {
		r.problem(file, fmt.Sprintf("%d more accounts are there than are listed", more))
		ids = ids[:maxAccounts]
	}
	return ids
}

func readAccountFile(view layer.View, name string) ([]byte, error) {
	f, err := view.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAccountFile+1))
	if err == nil && len(b) > maxAccountFile {
		err = errors.Errorf("larger than %d bytes", maxAccountFile)
	}
	return b, err
}
