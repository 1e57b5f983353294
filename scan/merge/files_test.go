package merge

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// noting adds facts about files to a layer.
func noting(l scan.LayerInventory, facts ...scan.FileFact) scan.LayerInventory {
	l.Files = append(l.Files, facts...)
	return l
}

func clearing(l scan.LayerInventory, kind, path string) scan.LayerInventory {
	l.Cleared = append(l.Cleared, scan.FileFact{Kind: kind, Path: path})
	return l
}

func fromTar(l scan.LayerInventory) scan.LayerInventory {
	l.Stats.Method = methodTar
	return l
}

func noted(kind, path, mode string) scan.FileFact {
	return scan.FileFact{Kind: kind, Path: path, Mode: mode}
}

func TestFactsAboutFiles(t *testing.T) {
	su := noted(scan.FileSetuid, "bin/su", "4755")
	env := noted(scan.FileEnv, "app/.env", "644")
	tool := noted(scan.FileProgram, "bin/tool", "755")
	lists := scan.FileFact{Kind: scan.FilePackageCache, Path: "var/lib/apt/lists", Dir: true, Size: 5}
	owned := su
	owned.Package = "login"
	for _, tt := range []struct {
		name   string
		layers []scan.LayerInventory
		want   []string
	}{
		{"present", []scan.LayerInventory{inv(), noting(inv(), su), inv()}, []string{"setuid bin/su 4755, layer 1"}},
		{"removed", []scan.LayerInventory{noting(inv(), su), removing(inv(), "bin")}, nil},
		{"removed and made again", []scan.LayerInventory{noting(inv(), su), removing(noting(inv(), su), "bin")}, []string{"setuid bin/su 4755, layer 1"}},
		{"everything removed", []scan.LayerInventory{noting(inv(), su, env), removing(inv(), ".")}, []string{"env app/.env 644, layer 0, removed 1"}},
		{"bit taken away", []scan.LayerInventory{noting(inv(), su), clearing(inv(), scan.FileSetuid, "bin/su")}, nil},
		{"another fact cleared", []scan.LayerInventory{noting(inv(), su), clearing(inv(), scan.FileSetgid, "bin/su")}, []string{"setuid bin/su 4755, layer 0"}},
		{"mode changed", []scan.LayerInventory{noting(inv(), su), noting(inv(), noted(scan.FileSetuid, "bin/su", "4711"))}, []string{"setuid bin/su 4711, layer 1"}},
		{"told again as it was", []scan.LayerInventory{noting(inv(), su), noting(inv(), su)}, []string{"setuid bin/su 4755, layer 0"}},
		{"program replaced", []scan.LayerInventory{noting(inv(), tool), noting(inv(), tool)}, []string{"program bin/tool 755, layer 1"}},
		{"key changed", []scan.LayerInventory{noting(inv(), env), noting(inv(), noted(scan.FileEnv, "app/.env", "600"))}, []string{"env app/.env 600, layer 0"}},
		{
			"key removed and written again",
			[]scan.LayerInventory{noting(inv(), env), removing(inv(), "app/.env"), noting(inv(), env)},
			[]string{"env app/.env 644, layer 0, removed 1", "env app/.env 644, layer 2"},
		},
		{
			"core dump overwritten",
			[]scan.LayerInventory{noting(inv(), noted(scan.FileCore, "core", "600")), clearing(inv(), scan.FileCore, "core")},
			[]string{"core-dump core 600, layer 0, removed 1"},
		},
		{
			"repository of which only content is known",
			[]scan.LayerInventory{noting(inv(), noted(scan.FileGit, ".git", "700")), noting(inv(), noted(scan.FileGit, ".git", ""))},
			[]string{"git .git 700, layer 0"},
		},
		{"a cache of two layers", []scan.LayerInventory{noting(inv(), lists), noting(inv(), lists)}, []string{"package-cache var/lib/apt/lists , layer 0", "package-cache var/lib/apt/lists , layer 1"}},
		{"a cache emptied", []scan.LayerInventory{noting(inv(), lists), noting(inv(), lists), clearing(inv(), scan.FilePackageCache, "var/lib/apt/lists")}, nil},
		{"a file becomes a folder", []scan.LayerInventory{noting(inv(), noted(scan.FileWorldWritable, "app", "666")), noting(inv(), env)}, []string{"env app/.env 644, layer 1"}},
		{"bit taken away in a tar", []scan.LayerInventory{noting(inv(), su), fromTar(claiming(inv(), "bin/su"))}, nil},
		{"other content in a mounted layer", []scan.LayerInventory{noting(inv(), su), claiming(inv(), "bin/su")}, []string{"setuid bin/su 4755, layer 0"}},
		{"a tar has a file where a folder was", []scan.LayerInventory{noting(inv(), su), fromTar(claiming(inv(), "bin"))}, nil},
		{"a tar without the package's list", []scan.LayerInventory{noting(inv(), owned), fromTar(noting(inv(), noted(scan.FileSetuid, "bin/su", "4711")))}, []string{"setuid bin/su 4711 login, layer 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range m.Files {
				s := fmt.Sprintf("%s %s %s", f.Kind, f.Path, f.Mode)
				if f.Package != "" {
					s += " " + f.Package
				}
				if s += fmt.Sprintf(", layer %d", f.Layer); f.Removed > 0 {
					s += fmt.Sprintf(", removed %d", f.Removed)
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInventoriesStayAsTheyWere(t *testing.T) {
	layers := []scan.LayerInventory{noting(inv(), noted(scan.FileEnv, ".env", "644")), noting(inv(), noted(scan.FileEnv, ".env", "600")), removing(inv(), ".env")}
	for range 2 {
		if _, err := Layers(layers); err != nil {
			t.Fatal(err)
		}
	}
	if f := layers[0].Files[0]; f.Mode != "644" || f.Removed != 0 {
		t.Errorf("merging changed an inventory: %+v", f)
	}
}

func TestOwnersAreSummedUp(t *testing.T) {
	a, b := inv(), inv()
	a.Owners = []scan.Owner{{UID: 7, Count: 1, Path: "gone"}, {UID: 1000, GID: 1000, Count: 2, Path: "b"}}
	b.Owners = []scan.Owner{{UID: 8, Count: 1, Path: "x"}, {UID: 1000, GID: 1000, Count: 3, Path: "a"}}
	m, err := Layers([]scan.LayerInventory{a, b, removing(inv(), "gone", "b")})
	if err != nil {
		t.Fatal(err)
	}
	want := []scan.Owner{{UID: 8, Count: 1, Path: "x", Layer: 1}, {UID: 1000, GID: 1000, Count: 5, Path: "b"}}
	if diff := cmp.Diff(want, m.Owners); diff != "" {
		t.Error(diff)
	}
}

func TestTheTopmostAccountsCount(t *testing.T) {
	both, groups := inv(), inv()
	both.Accounts = &scan.Accounts{Users: []int{0}, Groups: []int{0}, Names: map[string]int{"root": 0}}
	groups.Accounts = &scan.Accounts{Groups: []int{0, 5}}
	for _, tt := range []struct {
		name   string
		layers []scan.LayerInventory
		want   *scan.Accounts
	}{
		{"none", []scan.LayerInventory{inv()}, nil},
		{"groups alone", []scan.LayerInventory{groups}, nil},
		{"one file above", []scan.LayerInventory{both, groups}, &scan.Accounts{Users: []int{0}, Groups: []int{0, 5}, Names: map[string]int{"root": 0}}},
		{"removed", []scan.LayerInventory{both, removing(inv(), "etc/passwd")}, nil},
		{"folder removed", []scan.LayerInventory{both, removing(inv(), "etc")}, nil},
		{"made anew", []scan.LayerInventory{groups, removing(both, ".")}, both.Accounts},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, m.Accounts); diff != "" {
				t.Error(diff)
			}
		})
	}
}
