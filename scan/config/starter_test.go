package config

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commentedKey is a line of the file that becomes one of keys and values without
// its #: what is said to people has one space behind it.
var commentedKey = regexp.MustCompile(`(?m)^#( {2,}|[^ \n])`)

func TestStartingFileChangesNothing(t *testing.T) {
	v, err := ParseYAML(FileName, Starter())
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Options()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Error(diff)
	}
}

func TestStartingFileNamesEveryKey(t *testing.T) {
	all := commentedKey.ReplaceAll(Starter(), []byte("$1"))
	v, err := ParseYAML(FileName, all)
	if err != nil {
		t.Fatal(err)
	}
	opts, err := v.Options()
	if err != nil {
		t.Fatal(err)
	}
	if len(v.profiles) == 0 {
		t.Error("there is no profile")
	}
	for _, o := range All() {
		if o.Roads&RoadFile == 0 || o.Name == profilesKey {
			continue
		}
		ids := idsOf(o, v.settings)
		if len(ids) == 0 {
			t.Errorf("%s is not in it", o.FileKey())
			continue
		}
		want := o.Default
		if like, ok := optionNamed(o.Like); ok {
			want = like.Default
		}
		if got := v.settings[ids[0]].text(); want != "" && got != want {
			t.Errorf("%s is %s, the default is %s", o.FileKey(), got, want)
		}
	}
	// Its examples are the only difference.
	want := Default()
	if diff := cmp.Diff(want.Thresholds, opts.Thresholds); diff != "" {
		t.Error(diff)
	}
	for _, e := range opts.Exceptions {
		if e.Expired(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", e)
		}
	}
}

// TestStartingFileIsOfTheSchema holds it to what editors will say of it.
func TestStartingFileIsOfTheSchema(t *testing.T) {
	s := compiledSchema(t)
	for _, data := range [][]byte{Starter(), commentedKey.ReplaceAll(Starter(), []byte("$1"))} {
		if err := s.Validate(asJSON(t, data)); err != nil {
			t.Error(err)
		}
	}
}
