package extract

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract/rpmdb/rpmdbtest"
	"github.com/scan-build/scan-build/scan/layer"
)

// ownedIn looks the owners of paths up in a folder of files.
func ownedIn(t testing.TB, f files, paths ...string) (map[string]string, []scan.Problem) {
	t.Helper()
	dir := t.TempDir()
	f.in(t, dir)
	l, err := layer.Open(layer.Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return Owned(context.Background(), l.View(), t.TempDir(), paths)
}

func rpmWithFiles(name string, indexes []uint32, bases, dirs []string) []byte {
	return rpmdbtest.Header(
		rpmdbtest.Tag{ID: rpmdbtest.Name, Text: name}, rpmdbtest.Tag{ID: rpmdbtest.Version, Text: "1"},
		rpmdbtest.Tag{ID: rpmdbtest.DirIndexes, Numbers: indexes},
		rpmdbtest.Tag{ID: rpmdbtest.Basenames, Texts: bases}, rpmdbtest.Tag{ID: rpmdbtest.Dirnames, Texts: dirs},
	)
}

func TestOwnersByEveryPackageManager(t *testing.T) {
	headers := [][]byte{
		rpmdbtest.Header(rpmdbtest.Tag{ID: rpmdbtest.Name, Text: "empty"}, rpmdbtest.Tag{ID: rpmdbtest.Version, Text: "1"}),
		rpmWithFiles("util-linux", []uint32{0, 1, 0}, []string{"su", "x", "mount"}, []string{"/bin/", "/usr/share/"}),
	}
	sqlite, _, err := rpmdbtest.SQLite(t.Context(), t.TempDir(), false, headers)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]files{
		"dpkg": {
			"var/lib/dpkg/info/util-linux.list":    "/.\n/bin\n/bin/su\n/bin/mount\n",
			"var/lib/dpkg/info/libc6:amd64.list":   "/.\n/lib/other/su\n/usr/bin/su\n",
			"var/lib/dpkg/info/util-linux.md5sums": "nothing here",
		},
		"dpkg without a newline at the end": {"var/lib/dpkg/info/util-linux:arm64.list": "/bin/mount\n/bin/su"},
		"distroless": {
			"var/lib/dpkg/status.d/util-linux":         "Package: util-linux\nVersion: 1\n",
			"var/lib/dpkg/status.d/util-linux.md5sums": strings.Repeat("0", 32) + "  bin/su\n" + strings.Repeat("1", 32) + "  ./usr/bin/mount\n",
		},
		"apk":               {"lib/apk/db/installed": "P:musl\nF:lib\nR:su\n\nP:util-linux\nV:1\nF:bin\nM:0:0:4755\nR:su\na:0:0:755\nF:usr/bin\nR:mount\n\n"},
		"apk of merged usr": {"usr/lib/apk/db/installed": "P:util-linux\nF:bin\nR:su\nR:mount\n\n"},
		"rpm ndb":           {"usr/lib/sysimage/rpm/Packages.db": string(rpmdbtest.NDB(headers))},
		"rpm SQLite":        {"var/lib/rpm/rpmdb.sqlite": string(sqlite)},
	} {
		t.Run(name, func(t *testing.T) {
			f["bin"] = "-> usr/bin"
			f["usr/bin/su"], f["usr/bin/mount"], f["usr/bin/mine"] = "x", "x", "x"
			got, problems := ownedIn(t, f, "usr/bin/su", "usr/bin/mount", "usr/bin/mine", "opt/su")
			if len(problems) > 0 {
				t.Errorf("problems are %+v", problems)
			}
			want := map[string]string{"usr/bin/su": "util-linux", "usr/bin/mount": "util-linux"}
			if name == "dpkg" {
				want["usr/bin/su"] = "libc6" // both list it
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListsThatCannotBeReadAreProblems(t *testing.T) {
	broken := rpmWithFiles("p", []uint32{7}, []string{"su"}, []string{"/bin/"})
	for name, f := range map[string]files{
		"too large a list":        {"var/lib/dpkg/info/p.list": strings.Repeat("/x\n", MaxKept/3+2)},
		"list is a folder":        {"var/lib/dpkg/info/p.list/x": ""},
		"rpm index out of range":  {"usr/lib/sysimage/rpm/Packages.db": string(rpmdbtest.NDB([][]byte{broken}))},
		"no rpm database":         {"var/lib/rpm/Packages": strings.Repeat("x", 100)},
		"rpm lists do not match":  {"usr/lib/sysimage/rpm/Packages.db": string(rpmdbtest.NDB([][]byte{rpmWithFiles("p", []uint32{0, 0}, []string{"su"}, []string{"/"})}))},
		"rpm directories cut off": {"usr/lib/sysimage/rpm/Packages.db": string(rpmdbtest.NDB([][]byte{rpmdbtest.Header(rpmdbtest.Tag{ID: rpmdbtest.Dirnames, Texts: []string{}}, rpmdbtest.Tag{ID: rpmdbtest.DirIndexes, Numbers: []uint32{0}})}))},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := ownedIn(t, f, "usr/bin/su")
			if len(problems) != 1 || problems[0].Fatal || problems[0].Extractor != ownersName || len(got) > 0 {
				t.Errorf("owners are %v, problems %+v", got, problems)
			}
		})
	}
}

func TestWithoutCandidatesNoListIsRead(t *testing.T) {
	if got, problems := ownedIn(t, files{"var/lib/dpkg/info/p.list/x": ""}); len(got)+len(problems) > 0 {
		t.Errorf("owners are %v, problems %+v", got, problems)
	}
}
