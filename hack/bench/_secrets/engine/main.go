// Command engine searches a folder for secrets with this repository's engine, as
// scan-analyze does, one file after another. It prints a JSON object.
//
//	engine [-all] [-profile FILE] [-least DURATION] FOLDER
package main

import (
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/scan-build/scan-build/scan/secret"
	"github.com/scan-build/scan-build/scan/secret/content"
)

func main() {
	all := flag.Bool("all", false, "search files that the rules leave out by their path too")
	profile := flag.String("profile", "", "write a CPU profile to this `file`")
	least := flag.Duration("least", 0, "search again and again for this `time`")
	flag.Parse()
	rules, err := secret.Compile(secret.Default(), secret.Files())
	if err != nil {
		log.Fatal(err)
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			log.Fatal(err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	s := search{scanner: rules.Scanner(), asker: rules.Scanner(), root: flag.Arg(0), all: *all}
	started := time.Now()
	for first := true; first || time.Since(started) < *least; first = false {
		if err := filepath.WalkDir(s.root, s.visit); err != nil {
			log.Fatal(err)
		}
	}
	s.Seconds = time.Since(started).Seconds()
	if err := json.NewEncoder(os.Stdout).Encode(s.outcome); err != nil {
		log.Fatal(err)
	}
}

type outcome struct {
	Seconds  float64
	Bytes    int64 // of the files that were walked
	Findings int
}

type search struct {
	outcome
	scanner, asker *secret.Scanner
	root           string
	all            bool
}

func (s *search) visit(path string, d fs.DirEntry, err error) error {
	if err != nil || !d.Type().IsRegular() {
		return err
	}
	rel, err := filepath.Rel(s.root, path)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	s.Bytes += info.Size()
	var wanted probe
	if hits, _ := s.asker.Scan(rel, &wanted); !s.all && !bool(wanted) && len(hits) == 0 || info.Size() == 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = content.Walk(rel, f, info.Size(), content.Limits{}, func(path string, r io.Reader) error {
		if s.all {
			path = ""
		}
		hits, err := s.scanner.Scan(path, r)
		s.Findings += len(hits)
		return err
	})
	return err
}

// probe is an empty text that becomes true when it is read.
type probe bool

func (p *probe) Read([]byte) (int, error) {
	*p = true
	return 0, io.EOF
}
