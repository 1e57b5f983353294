package merge

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// holding adds secrets, "path:line value", to a layer.
func holding(l scan.LayerInventory, secrets ...scan.Secret) scan.LayerInventory {
	l.Secrets = append(l.Secrets, secrets...)
	return l
}

func secret(path string, line int, value string) scan.Secret {
	return scan.Secret{Rule: "r", Source: scan.SecretInFile, Path: path, Line: line, Fingerprint: value}
}

func dismissed(s scan.Secret) scan.Secret {
	s.Dismissed = "test data"
	return s
}

func TestSecretsOfEveryLayerAreKept(t *testing.T) {
	key := secret("app/.env", 1, "k")
	for _, tt := range []struct {
		name   string
		layers []scan.LayerInventory
		want   []string
	}{
		{"nothing", []scan.LayerInventory{inv()}, nil},
		{"present", []scan.LayerInventory{inv(), holding(inv(), key), inv()}, []string{"k app/.env:1 layer 1"}},
		{
			"file removed",
			[]scan.LayerInventory{holding(inv(), key), inv(), removing(inv(), "app/.env")},
			[]string{"k app/.env:1 layer 0 removed 2"},
		},
		{
			"folder removed",
			[]scan.LayerInventory{holding(inv(), key, secret("app2/.env", 1, "k")), removing(inv(), "app")},
			[]string{"k app/.env:1 layer 0 removed 1", "k app2/.env:1 layer 0"},
		},
		{
			"everything removed",
			[]scan.LayerInventory{holding(inv(), key), removing(inv(), ".")},
			[]string{"k app/.env:1 layer 0 removed 1"},
		},
		{
			"folder replaced by a file",
			[]scan.LayerInventory{holding(inv(), key), claiming(inv(), "app")},
			[]string{"k app/.env:1 layer 0 removed 1"},
		},
		{
			"file replaced by a folder",
			[]scan.LayerInventory{holding(inv(), secret("app", 1, "k")), holding(inv(), secret("app/x", 1, "l"))},
			[]string{"k app:1 layer 0 removed 1", "l app/x:1 layer 1"},
		},
		{
			"written again with the same secret at another line",
			[]scan.LayerInventory{holding(inv(), key), holding(inv(), secret("app/.env", 5, "k"))},
			[]string{"k app/.env:1 layer 0"},
		},
		{
			"written again, then removed",
			[]scan.LayerInventory{holding(inv(), key), holding(inv(), key), removing(inv(), "app")},
			[]string{"k app/.env:1 layer 0 removed 2"},
		},
		{
			"secret replaced by another",
			[]scan.LayerInventory{holding(inv(), key), holding(inv(), secret("app/.env", 1, "l"))},
			[]string{"k app/.env:1 layer 0 removed 1", "l app/.env:1 layer 1"},
		},
		{
			"one of two secrets taken out",
			[]scan.LayerInventory{holding(inv(), key, secret("app/.env", 2, "l")), holding(inv(), key)},
			[]string{"k app/.env:1 layer 0", "l app/.env:2 layer 0 removed 1"},
		},
		{
			"the same secret twice in a file",
			[]scan.LayerInventory{
				holding(inv(), key, secret("app/.env", 9, "k")),
				holding(inv(), key, secret("app/.env", 7, "k"), secret("app/.env", 8, "k")),
			},
			[]string{"k app/.env:1 layer 0", "k app/.env:9 layer 0"},
		},
		{
			"the same value by another rule is another secret",
			[]scan.LayerInventory{holding(inv(), key), holding(inv(), scan.Secret{Rule: "s", Path: "app/.env", Line: 1, Fingerprint: "k"})},
			[]string{"k app/.env:1 layer 0 removed 1", "k app/.env:1 layer 1"},
		},
		{
			"removed and written again in one layer (opaque)",
			[]scan.LayerInventory{holding(inv(), key), holding(removing(inv(), "app"), key)},
			[]string{"k app/.env:1 layer 0"},
		},
		{
			"removed and written again in two layers",
			[]scan.LayerInventory{holding(inv(), key), removing(inv(), "app/.env"), holding(inv(), key)},
			[]string{"k app/.env:1 layer 0 removed 1", "k app/.env:1 layer 2"},
		},
		{
			"file an extractor claims, written again without the secret",
			[]scan.LayerInventory{holding(claiming(inv(), "app/package.json"), secret("app/package.json", 3, "k")), claiming(inv(), "app/package.json")},
			[]string{"k app/package.json:3 layer 0 removed 1"},
		},
		{
			"inside an archive",
			[]scan.LayerInventory{holding(inv(), secret("a.zip!b/c.zip!d", 1, "k"), secret("a.zip!e", 1, "l")), removing(inv(), "a.zip")},
			[]string{"k a.zip!b/c.zip!d:1 layer 0 removed 1", "l a.zip!e:1 layer 0 removed 1"},
		},
		{
			"archive replaced, one of its secrets still there",
			[]scan.LayerInventory{holding(inv(), secret("a.zip!b", 1, "k"), secret("a.zip!e", 1, "l")), holding(inv(), secret("a.zip!e", 1, "l"))},
			[]string{"k a.zip!b:1 layer 0 removed 1", "l a.zip!e:1 layer 0"},
		},
		{
			"one that was dismissed does not hide one that counts",
			[]scan.LayerInventory{holding(inv(), dismissed(key)), holding(inv(), key)},
			[]string{"(k) app/.env:1 layer 0 removed 1", "k app/.env:1 layer 1"},
		},
		{
			"moved to another path",
			[]scan.LayerInventory{holding(inv(), key), holding(removing(inv(), "app"), secret("srv/.env", 1, "k"))},
			[]string{"k app/.env:1 layer 0 removed 1", "k srv/.env:1 layer 1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, spelledSecrets(m.Secrets)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func spelledSecrets(secrets []scan.Secret) []string {
	var out []string
	for _, s := range secrets {
		value := s.Fingerprint
		if !s.Counts() {
			value = "(" + value + ")"
		}
		text := fmt.Sprintf("%s %s:%d layer %d", value, s.Path, s.Line, s.Layer)
		if s.Removed != 0 {
			text += fmt.Sprintf(" removed %d", s.Removed)
		}
		out = append(out, text)
	}
	return out
}

func TestSecretsLeavePackagesAlone(t *testing.T) {
	// A secret beside packages in a file, and one in a file without packages.
	with := holding(inv(npm("a", "1", "app/package.json")), secret("app/.env", 1, "k"), secret("app/package.json", 2, "l"))
	m, err := Layers([]scan.LayerInventory{with, holding(inv(), secret("app/.env", 1, "m"))})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Packages) != 1 || m.Packages[0].Last != 0 {
		t.Errorf("%+v", m.Packages)
	}
}

func TestSecretsOfTheInputAreLeftAlone(t *testing.T) {
	layers := []scan.LayerInventory{holding(inv(), secret("a", 1, "k")), removing(inv(), "a")}
	for range 2 {
		m, err := Layers(layers)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"k a:1 layer 0 removed 1"}, spelledSecrets(m.Secrets)); diff != "" {
			t.Error(diff)
		}
	}
	if s := layers[0].Secrets[0]; s.Removed != 0 {
		t.Errorf("%+v", s)
	}
}
