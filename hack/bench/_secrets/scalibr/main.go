// Command scalibr searches a folder with osv-scalibr's secret detectors, in its
// engine for them, one file after another. It prints a JSON object.
//
//	scalibr [-all] [-limit DURATION] FOLDER
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/list"
	"github.com/google/osv-scalibr/extractor/filesystem/secrets/convert"
	"github.com/google/osv-scalibr/extractor/filesystem/simplefileapi"
)

func main() {
	all := flag.Bool("all", false, "search files that are left out by their names too")
	limit := flag.Duration("limit", time.Hour, "stop after this `time`")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	s := search{ctx: ctx, extractor: extractor(), root: flag.Arg(0), all: *all}
	started := time.Now()
	if err := filepath.WalkDir(s.root, s.visit); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
	s.Seconds, s.Stopped = time.Since(started).Seconds(), ctx.Err() != nil
	if err := json.NewEncoder(os.Stdout).Encode(s.outcome); err != nil {
		log.Fatal(err)
	}
}

// extractor is the one that all detectors run in.
func extractor() filesystem.Extractor {
	var detectors []filesystem.Extractor
	for name, inits := range list.SecretDetectors {
		for _, init := range inits {
			d, err := init(nil)
			if err != nil {
				log.Fatalf("%s: %v", name, err)
			}
			detectors = append(detectors, d)
		}
	}
	out, err := convert.SetupVelesExtractors(detectors)
	if err != nil {
		log.Fatal(err)
	}
	return out[len(out)-1]
}

type outcome struct {
	Seconds  float64
	Bytes    int64 // of the files that were walked
	Findings int
	Stopped  bool
}

type search struct {
	outcome
	ctx       context.Context
	extractor filesystem.Extractor
	root      string
	all       bool
}

func (s *search) visit(path string, d fs.DirEntry, err error) error {
	if err != nil || !d.Type().IsRegular() {
		return err
	}
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	rel, err := filepath.Rel(s.root, path)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if !s.all && !s.extractor.FileRequired(simplefileapi.New(rel, info)) {
		s.Bytes += info.Size()
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	counted := &counter{ctx: s.ctx, r: f}
	found, err := s.extractor.Extract(s.ctx, &filesystem.ScanInput{Path: rel, Reader: counted, Info: info})
	s.Findings += len(found.Secrets)
	if s.ctx.Err() != nil {
		s.Bytes += counted.n
		return s.ctx.Err()
	}
	s.Bytes += info.Size()
	return err
}

type counter struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

func (c *counter) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
