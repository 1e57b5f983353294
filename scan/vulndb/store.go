package vulndb

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pkg/errors"
)

const (
	originFile = "origin.json"
	lockFile   = ".lock"
	// lockPoll is how often a waiting update looks for the lock.
	lockPoll = 100 * time.Millisecond
)

// Store keeps one database in a folder, in the layout in which databases are
// distributed: v6/latest.json beside the archive that it names. The folder can
// be handed to a build as it is.
//
// Stores of the same folder may be used at once, by several processes: updates
// take turns, and readers see the old or the new database, whole.
type Store struct {
	// Dir is the store's folder. It is made by the first update.
	Dir string
}

// Status says which database is in a store.
type Status struct {
	// Dir is the folder to hand to a build: it holds v6/latest.json.
	Dir string `json:"dir"`
	// Archive is the archive's path and Size its size in bytes.
	Archive string `json:"archive"`
	Size    int64  `json:"size"`
	// Schema, Built and Checksum are the listing's.
	Schema   string    `json:"schema"`
	Built    time.Time `json:"built"`
	Checksum string    `json:"checksum"`
	// Source is where the database was fetched from, without secrets, and
	// Checked when it was last found to be the newest there.
	Source  string    `json:"source,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	// Updated is set by an update that brought in another database.
	Updated bool `json:"updated,omitempty"`
	// Deprecated is set if the source says that databases of this schema will
	// soon not be made any more, or are not already.
	Deprecated bool `json:"deprecated,omitempty"`
}

// Age of the database at now.
func (s Status) Age(now time.Time) time.Duration { return now.Sub(s.Built) }

// origin is what the store remembers that the listing does not say.
type origin struct {
	Source  string    `json:"source"`
	Checked time.Time `json:"checked"`
}

// Status reads what is in the store. It does not read the archive: its checksum
// was verified when it was put there, and is again when it is unpacked. The
// error is a [*MissingError] if there is no database.
func (s *Store) Status() (Status, error) {
	status, err := s.read()
	var missing *MissingError
	if errors.As(err, &missing) {
		// An update may have removed the archive between two looks.
		return s.read()
	}
	return status, err
}

func (s *Store) read() (Status, error) {
	root, err := os.OpenRoot(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, &MissingError{Where: s.Dir}
	}
	if err != nil {
		return Status{}, errors.Wrap(err, "failed to open the database store")
	}
	defer root.Close()
	f, err := root.Open(filepath.Join(modelDir(), ListingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, &MissingError{Where: s.Dir}
	}
	if err != nil {
		return Status{}, errors.Wrap(err, "failed to open the database listing")
	}
	defer f.Close()
	l, err := ParseListing(f)
	if err != nil {
		return Status{}, err
	}
	archive := filepath.Join(modelDir(), filepath.FromSlash(l.Path))
	info, err := root.Stat(archive)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, &MissingError{Where: filepath.Join(s.Dir, archive)}
	}
	if err != nil {
		return Status{}, errors.Wrap(err, "failed to look at the database's archive")
	}
	o := s.origin()
	return Status{
		Dir:        s.Dir,
		Archive:    filepath.Join(s.Dir, archive),
		Size:       info.Size(),
		Schema:     l.Schema,
		Built:      l.Built,
		Checksum:   l.Checksum,
		Source:     o.Source,
		Checked:    o.Checked,
		Deprecated: l.Status == "deprecated" || l.Status == "eol",
	}, nil
}

func modelDir() string { return "v" + strconv.Itoa(Model) }

// origin is a convenience: without it a database is as good.
func (s *Store) origin() origin {
	var o origin
	b, err := os.ReadFile(filepath.Join(s.Dir, originFile))
	if err != nil || json.Unmarshal(b, &o) != nil {
		return origin{}
	}
	return o
}

// lock makes the store's folder and waits for its lock.
func (s *Store) lock(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(filepath.Join(s.Dir, modelDir()), 0o755); err != nil {
		return nil, errors.Wrap(err, "failed to create the database store")
	}
	l := flock.New(filepath.Join(s.Dir, lockFile))
	locked, err := l.TryLockContext(ctx, lockPoll)
	if err != nil || !locked {
		return nil, errors.Wrap(err, "failed to wait for another update of the database store")
	}
	return func() { _ = l.Unlock() }, nil
}

// localName is the store's own name for an archive. The listing's might be no
// name on this system (grype's has colons), be the listing's own, or stay the
// same for other content.
func localName(l Listing) string {
	name := fmt.Sprintf("vulnerability-db_%s_%s_%s", l.Schema, l.Built.UTC().Format("20060102T150405Z"), l.Checksum[len("sha256:"):][:12])
	for _, ext := range []string{".tar.zst", ".tar.gz", ".tar.xz"} {
		if strings.HasSuffix(l.Path, ext) {
			return name + ext
		}
	}
	return name
}

// install makes archive, a file in the store's folder, the store's database.
// The listing is replaced last and at once. The archive that it named before
// stays until the next update, for those who have just read the old listing.
func (s *Store) install(l Listing, archive string, o origin) error {
	dir := filepath.Join(s.Dir, modelDir())
	keep := []string{ListingFile, l.Path}
	if old, err := s.read(); err == nil {
		keep = append(keep, filepath.Base(old.Archive))
	}
	if err := os.Rename(archive, filepath.Join(dir, l.Path)); err != nil {
		return errors.Wrap(err, "failed to keep the database's archive")
	}
	b, err := l.write()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, ListingFile), b); err != nil {
		return err
	}
	if err := s.remember(o); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Wrap(err, "failed to tidy the database store")
	}
	for _, e := range entries {
		if !slices.Contains(keep, e.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return errors.Wrap(err, "failed to tidy the database store")
			}
		}
	}
	return nil
}

func (s *Store) remember(o origin) error {
	b, err := json.Marshal(o)
	if err != nil {
		return errors.Wrap(err, "failed to encode the database's origin")
	}
	return replace(filepath.Join(s.Dir, originFile), append(b, '\n'))
}

// replace writes a file so that readers see all of it or the old one, even
// after a crash.
func replace(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return errors.Wrapf(err, "failed to write %s", filepath.Base(file))
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	return errors.Wrapf(err, "failed to write %s", filepath.Base(file))
}
